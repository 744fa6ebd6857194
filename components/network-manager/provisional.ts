import type { Change, Checkpoint, Goal, Moment, RolledBack } from './checkpoint.ts';

/**
 * Pure: what a change that must be confirmed comes to. Time is the kernel's own, counted from its boot: a wall clock that a computer without
 * a battery sets when it finds a time server neither shortens a window nor stretches it.
 */

type Underway = Checkpoint['underway'];
export type ProvisionalChange = Change & { readonly provisional: NonNullable<Change['provisional']> };

export function isProvisional(underway: Underway): underway is ProvisionalChange {
  return underway !== null && underway !== 'removal' && underway.provisional !== undefined;
}

export const later = ({ boot, uptimeMs }: Moment, milliseconds: number): Moment => ({
  boot,
  uptimeMs: uptimeMs + milliseconds,
});

/** Milliseconds that are left; none after a reboot. */
export function remainingMs(deadline: Moment, now: Moment): number {
  return deadline.boot === now.boot ? Math.max(0, deadline.uptimeMs - now.uptimeMs) : 0;
}

/** In force, and there is still time to confirm it. */
export function isPending({ provisional: { state, deadline } }: ProvisionalChange, now: Moment): boolean {
  return state === 'pending' && remainingMs(deadline, now) > 0;
}

/** The policy that is in force whole, confirmed or not; null: there is none, or it is just being changed. */
export function inForce({ good, underway }: Checkpoint): Goal | null {
  if (underway === null) return good;
  return isProvisional(underway) && underway.provisional.state === 'pending' ? goalOf(underway) : null;
}

export const isSame = (one: Moment, other: Moment): boolean =>
  one.boot === other.boot && one.uptimeMs === other.uptimeMs;

type Fault = Pick<RolledBack, 'why' | 'fault'>;

/** Why an unconfirmed change is rolled back by whoever finds it, and whose fault that is. @param verdict of whoever condemns it now */
export function faultOf({ provisional }: ProvisionalChange, now: Moment, verdict?: string): Fault {
  const { deadline, state, why } = provisional;
  const condemnation = state === 'condemned' ? why : verdict;
  if (condemnation !== undefined) return { why: condemnation, fault: 'policy' };
  if (deadline.boot !== now.boot)
    return { why: 'the truck was restarted before it was confirmed', fault: 'interruption' };
  if (state === 'converging') return { why: 'it was cut short', fault: 'interruption' };
  return remainingMs(deadline, now) === 0
    ? { why: 'nobody confirmed it within its time', fault: 'policy' }
    : { why: 'it was taken back before it was confirmed', fault: 'policy' };
}

/** What is remembered of a change that was rolled back. @param before what was remembered so far */
export function rolledBack(
  { revision }: Pick<Change, 'revision'>,
  { why, fault }: Fault,
  before: RolledBack | undefined,
): RolledBack {
  return { revision, why, fault, times: before?.revision === revision ? before.times + 1 : 1 };
}

export const goalOf = ({ revision, document }: Goal): Goal => ({ revision, document });

/** A change whose steps are about to begin. @param deadline null: it needs no confirmation */
export function changeTo(goal: Goal, deadline: Moment | null): Change {
  return deadline === null ? goalOf(goal) : { ...goalOf(goal), provisional: { deadline, state: 'converging' } };
}

/** A change that is in force and waits to be confirmed. */
export function pending(goal: Goal, deadline: Moment): Change {
  return { ...goalOf(goal), provisional: { deadline, state: 'pending' } };
}

/** The checkpoint while an unconfirmed change is being taken back. */
export function condemned(checkpoint: Checkpoint, { why, ...change }: ProvisionalChange & Fault): Checkpoint {
  const provisional = { ...change.provisional, state: 'condemned', why } as const;
  return { ...checkpoint, underway: { ...goalOf(change), provisional } };
}

/** A pending change that is being replaced: whoever finds it goes on with the way back. */
export function cutShort(change: ProvisionalChange): Change {
  return { ...goalOf(change), provisional: { ...change.provisional, state: 'converging' } };
}

/** The checkpoint once a policy is in force for good. What was rolled back is remembered until that very policy is taken. */
export function taken(goal: Goal, links: string[], { rolledBack: remembered }: Checkpoint): Checkpoint {
  const isForgotten = remembered === undefined || remembered.revision === goal.revision;
  return { good: goal, underway: null, links, ...(isForgotten ? {} : { rolledBack: remembered }) };
}
