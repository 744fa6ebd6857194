import { randomUUID } from 'node:crypto';

/** The environment variable by which all processes that a command started are found again, also those that left its session. */
const MARK = 'FIREBREAK_RUN';

/** A fresh mark for one command. */
export function newMark(): Readonly<Record<string, string>> {
  return { [MARK]: randomUUID() };
}

/** Kills what carries the mark, twice, because something may have been forking meanwhile. Finding nothing is fine. */
export function killMarked(mark: Readonly<Record<string, string>>): readonly string[] {
  const round = 'grep -alF -- "$1" /proc/[0-9]*/environ 2>/dev/null | cut -d/ -f3 | xargs -r kill -KILL 2>/dev/null';
  const script = `${round}; ${round}; exit 0`;
  return ['sh', '-c', script, 'sh', `${MARK}=${mark[MARK] ?? ''}`];
}
