import type { Verdict } from '../../shadow/index.ts';

/** What will come of a simulated truck's work. */
export interface Traits {
  /** What it measures, of whichever policy. */
  readonly verdict: Extract<Verdict, 'isolated' | 'breached'>;
  /** What becomes of a policy that is no nonsense. */
  readonly applies: 'applied' | 'rolled-back';
  /** What becomes of components that it hasn't. */
  readonly deploys: 'SUCCEEDED' | 'FAILED';
}

/** Of all trucks, in percent. */
export interface Shares {
  readonly breached: number;
  readonly rollingBack: number;
  readonly failing: number;
}

/** The same trucks are chosen for the same shares, spread evenly over the fleet. */
export function traitsOf(index: number, { breached, rollingBack, failing }: Shares): Traits {
  return {
    verdict: isAmong(index, breached, 0) ? 'breached' : 'isolated',
    applies: isAmong(index, rollingBack, 1) ? 'rolled-back' : 'applied',
    deploys: isAmong(index, failing, 2) ? 'FAILED' : 'SUCCEEDED',
  };
}

/** The golden ratio's multiples fall evenly everywhere (Weyl); each question begins elsewhere, so that the chosen differ. */
const STEP = 0.618033988749895;
const isAmong = (index: number, percent: number, question: number): boolean =>
  ((index * STEP + question / 3) % 1) * 100 < percent;
