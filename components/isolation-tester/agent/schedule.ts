/** When to measure next, and what. Pure: every time is given, in milliseconds of whatever clock. */

export interface Schedule {
  /** Revision of the policy that is in force; null: none, or it is just being changed. */
  readonly revision: string | null;
  /** What was measured last, when that ended, and how often in a row it has failed. */
  readonly measured: { readonly revision: string; readonly at: number } | null;
  readonly failures: number;
  /** The same of the bypasses. */
  readonly bypassed: { readonly revision: string; readonly at: number } | null;
}

export interface TestPace {
  readonly everyMs: number;
  readonly bypassesEveryMs: number;
}

/** Measuring costs a second of a small computer's time; trying the bypasses some more. */
export const TEST_PACE: TestPace = { everyMs: 60_000, bypassesEveryMs: 3_600_000 };

export const NOTHING_MEASURED: Schedule = { revision: null, measured: null, failures: 0, bypassed: null };

/** What has failed is tried again sooner: 5 s, 10 s, … but never later than usual. */
const RETRY_MS = 5000;

/** When the next measurement begins: at once, for a policy that was not measured yet; Infinity: there is nothing to measure. */
export function measureAt({ revision, measured, failures }: Schedule, { everyMs }: TestPace): number {
  if (revision === null) return Number.POSITIVE_INFINITY;
  if (measured?.revision !== revision) return 0;
  return measured.at + (failures === 0 ? everyMs : Math.min(everyMs, RETRY_MS * 2 ** (failures - 1)));
}

/** Do the bypasses belong to the measurement that begins now? The matrix of a new policy doesn't wait for them. */
export function isBypassTime(
  { revision, measured, bypassed }: Schedule,
  { bypassesEveryMs }: TestPace,
  now: number,
): boolean {
  if (measured?.revision !== revision) return false;
  return bypassed?.revision !== revision || now - bypassed.at >= bypassesEveryMs;
}

export function measuredNow(
  schedule: Schedule,
  revision: string,
  now: number,
  outcome: { readonly failed: boolean; readonly bypasses: boolean },
): Schedule {
  return {
    ...schedule,
    measured: { revision, at: now },
    failures: outcome.failed ? schedule.failures + 1 : 0,
    bypassed: outcome.bypasses ? { revision, at: now } : schedule.bypassed,
  };
}
