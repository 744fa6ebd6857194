import type { Expectation } from '../../lib/truck/expectation.ts';

/** Who may ping whom, and who answered whom: ids of expectations. */
export type Answered = ReadonlySet<string>;

/** How many verdicts of a matrix are wrong, in either direction. */
export function wrongVerdicts(pairs: readonly Expectation[], answered: Answered): number {
  return pairs.filter(({ id, verdict }) => answered.has(id) !== (verdict === 'reachable')).length;
}
