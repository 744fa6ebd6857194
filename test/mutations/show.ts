import { paint } from '../../lib/cli/output.ts';
import { table } from '../../lib/cli/table.ts';
import type { Outcome } from './kill.ts';
import type { Survivor } from './survivors.ts';
import { stale, survivorFor, type Verdict, verdictOf } from './verdict.ts';

const SIGN: Readonly<Record<Verdict, string>> = {
  killed: paint('green', '✓', process.stderr),
  listed: paint('yellow', '·', process.stderr),
  survived: paint('red', '✗', process.stderr),
  'listed, but killed': paint('red', '✗', process.stderr),
};

/** One line for one mutation. */
export function outcomeLine(outcome: Outcome, survivors: readonly Survivor[]): string {
  const verdict = verdictOf(outcome, survivors);
  const words = {
    killed: `killed by «${outcome.killedBy}»`,
    listed: `listed: ${survivorFor(outcome, survivors)?.because}`,
    survived: paint('red', 'SURVIVED', process.stderr),
    'listed, but killed': `listed as a survivor, but killed by «${outcome.killedBy}»: ${outcome.because}`,
  };
  const took = paint('dim', `${outcome.seconds.toFixed(1)} s`, process.stderr);
  return `${SIGN[verdict]} ${outcome.truck}: ${outcome.mutation}: ${words[verdict]} ${took}`;
}

/** How many each test killed, then how many were listed with which reason, and what is wrong. */
export function summary(outcomes: readonly Outcome[], survivors: readonly Survivor[]): string {
  const count = <T>(keyOf: (outcome: Outcome) => T) => {
    const counts = new Map<T, number>();
    for (const outcome of outcomes) counts.set(keyOf(outcome), (counts.get(keyOf(outcome)) ?? 0) + 1);
    return [...counts].sort(([, a], [, b]) => b - a);
  };
  const killers = count(({ killedBy }) => killedBy).flatMap(([killer, times]) =>
    killer === undefined ? [] : [[`${times}`, 'killed by', killer]],
  );
  const listed = survivors.flatMap((survivor) => {
    const times = outcomes.filter(
      (outcome) => outcome.killedBy === undefined && survivorFor(outcome, survivors) === survivor,
    ).length;
    return times === 0 ? [] : [[`${times}`, 'listed', survivor.because]];
  });
  const wrong = failures(outcomes, survivors).map((words) => ['', 'WRONG', words]);
  return table(['mutations', '', ''], [...killers, ...listed, ...wrong, [`${outcomes.length}`, 'in all', '']]);
}

/** What makes the run fail, in words. */
export function failures(outcomes: readonly Outcome[], survivors: readonly Survivor[]): readonly string[] {
  return [
    ...outcomes.flatMap((outcome) => {
      const verdict = verdictOf(outcome, survivors);
      return verdict === 'killed' || verdict === 'listed' ? [] : [`${outcome.truck}: ${outcome.mutation}: ${verdict}`];
    }),
    ...stale(outcomes, survivors).map(({ mutation }) => `listed, but there is no such mutation: ${mutation}`),
  ];
}
