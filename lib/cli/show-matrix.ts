import type { Vantage } from '../../components/isolation-tester/measure.ts';
import type { Matrix } from '../truck/judge.ts';
import { paint } from './output.ts';
import { probeOf, targetOf } from './show.ts';
import { table } from './table.ts';

/** The matrix for people: a row for each expectation, and what it comes to. */
export function showMatrix(
  { rows, counts, verdict }: Matrix,
  vantages: readonly Pick<Vantage, 'node' | 'kind'>[],
): string {
  const standIns = vantages.filter(({ kind }) => kind === 'canary').map(({ node }) => node);
  const held = rows.filter(({ outcome }) => outcome === 'as-expected').length;
  return [
    table(
      ['', 'source', 'target', 'probe', 'expected', 'measured', 'why'],
      rows.map(({ expectation, observed, outcome, reason }) => [
        outcome === 'as-expected' ? paint('green', '✓') : paint('red', outcome),
        expectation.from,
        targetOf(expectation),
        probeOf(expectation),
        expectation.verdict,
        observed,
        outcome === 'as-expected' ? expectation.because : reason,
      ]),
    ),
    '',
    `${held} of ${rows.length} rows as expected: ${paint(verdict === 'isolated' ? 'green' : 'red', verdict)}`,
    ...(verdict === 'isolated' ? [] : [tally(counts)]),
    ...(standIns.length === 0 ? [] : [`measured from a canary instead of the device itself: ${standIns.join(', ')}`]),
  ].join('\n');
}

/** How many rows came out how, without those of which there are none. */
export function tally(counts: Matrix['counts']): string {
  return Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([outcome, count]) => `${count} ${outcome}`)
    .join(', ');
}
