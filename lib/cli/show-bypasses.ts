import type { BypassTest } from '../../components/isolation-tester/bypass-test.ts';
import { paint } from './output.ts';
import { table } from './table.ts';

/** So many attempts that are not closed are spelled out; --json has all. */
const SHOWN = 12;

/** The bypasses for people: a row for each kind; attempts that are not closed are named below. */
export function showBypasses({
  kinds,
  rows,
  verdict,
  untried,
}: Pick<BypassTest, 'kinds' | 'rows' | 'verdict' | 'untried'>): string {
  const notClosed = rows.filter((row) => row.verdict !== 'closed');
  return [
    table(
      ['', 'bypass', 'attempts', 'measured', 'because'],
      kinds.map(({ kind, attempts, open, inconclusive, because }) => [
        open + inconclusive === 0 ? paint('green', '✓') : paint('red', open > 0 ? 'open' : 'inconclusive'),
        kind,
        `${attempts}`,
        measured(attempts, open, inconclusive),
        because,
      ]),
    ),
    '',
    ...notClosed.slice(0, SHOWN).map(({ attempt, verdict: found, reason }) => `${found}: ${attempt.id}: ${reason}`),
    ...(notClosed.length > SHOWN ? [`and ${notClosed.length - SHOWN} more (--json)`] : []),
    ...untried.map(({ kind, why }) => `not tried: ${kind} (${why})`),
    `${rows.length - notClosed.length} of ${rows.length} attempts closed: ${paint(verdict === 'closed' ? 'green' : 'red', verdict)}`,
  ].join('\n');
}

function measured(attempts: number, open: number, inconclusive: number): string {
  if (open + inconclusive === 0) return 'all closed';
  const closed = attempts - open - inconclusive;
  return Object.entries({ open, inconclusive, closed })
    .filter(([, count]) => count > 0)
    .map(([what, count]) => `${count} ${what}`)
    .join(', ');
}
