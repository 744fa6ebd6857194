import type { Outcome } from './kill.ts';
import type { Survivor } from './survivors.ts';

/** What an outcome comes to, against the list of those that may survive. PURE. */
export type Verdict = 'killed' | 'listed' | 'survived' | 'listed, but killed';

export function verdictOf(outcome: Outcome, survivors: readonly Survivor[]): Verdict {
  const listed = survivorFor(outcome, survivors);
  if (outcome.killedBy === undefined) return listed === undefined ? 'survived' : 'listed';
  return listed === undefined || listed.here === true ? 'killed' : 'listed, but killed';
}

export function survivorFor({ truck, mutation }: Outcome, survivors: readonly Survivor[]): Survivor | undefined {
  return survivors.find((survivor) => concerns(survivor, truck) && survivor.mutation.test(mutation));
}

/** Of what was tried: what is listed and isn't there any more. */
export function stale(outcomes: readonly Outcome[], survivors: readonly Survivor[]): readonly Survivor[] {
  return survivors
    .filter((survivor) => outcomes.some(({ truck }) => concerns(survivor, truck)))
    .filter((survivor) => !outcomes.some((outcome) => survivorFor(outcome, [survivor]) !== undefined));
}

/** Of these only what names them is meant. */
const APART = ['lab', 'engine', 'router script'];
const concerns = ({ truck }: Survivor, where: string) =>
  truck === undefined ? !APART.includes(where) : truck === where;
