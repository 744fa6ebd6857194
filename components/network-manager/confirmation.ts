import type { Goal, Moment } from './checkpoint.ts';
import { faultOf, goalOf, isPending, isProvisional, isSame, remainingMs, taken } from './provisional.ts';
import { type Ground, linksOf, type Recovered, recover } from './transaction.ts';

/** What becomes of a change that waits to be confirmed. Nobody else changes the truck meanwhile. */

/** There is no such change that could be confirmed or rolled back (any longer). */
export class NotPendingError extends Error {
  override readonly name = 'NotPendingError';
}

/** The pending change is taken for good. @param revision null: whichever there is. @throws NotPendingError */
export async function confirm(revision: string | null, ground: Ground): Promise<Goal> {
  const checkpoint = await ground.read();
  const { underway } = checkpoint;
  if (!isProvisional(underway) || (revision !== null && underway.revision !== revision)) throw nothingPending(revision);
  if (!isPending(underway, ground.now())) {
    const { why } = faultOf(underway, ground.now());
    throw new NotPendingError(`the change to revision ${underway.revision} can't be confirmed any more: ${why}`);
  }
  const goal = goalOf(underway);
  await ground.write(taken(goal, linksOf(await ground.mean(goal.document)), checkpoint));
  return goal;
}

/** The pending change is taken back. @throws NotPendingError; Error: `recover` goes on from there */
export async function rollBack(revision: string, why: string, ground: Ground): Promise<Recovered | null> {
  const { underway } = await ground.read();
  if (!isProvisional(underway) || underway.revision !== revision) throw nothingPending(revision);
  return recover(ground, why);
}

/** What the guard does. @returns milliseconds after which it is to be called again; 0: it isn't needed any longer */
export async function rollBackOverdue(deadline: Moment, ground: Ground): Promise<number> {
  const { underway } = await ground.read();
  if (!isProvisional(underway) || !isSame(underway.provisional.deadline, deadline)) return 0;
  if (isPending(underway, ground.now())) return remainingMs(deadline, ground.now());
  // Whoever was converging or going back is dead: the lock was free.
  await recover(ground);
  return 0;
}

/** What a watch does at each look: what is in force stays in force, also a pending change; what was cut short or is overdue goes back. */
export async function keep(ground: Ground): Promise<Recovered | null> {
  const { underway } = await ground.read();
  if (!isProvisional(underway) || !isPending(underway, ground.now())) return recover(ground);
  const desired = await ground.mean(underway.document);
  return { to: goalOf(underway), applied: await ground.converge(desired, async () => undefined) };
}

function nothingPending(revision: string | null): NotPendingError {
  const which = revision === null ? '' : ` to revision ${revision}`;
  return new NotPendingError(`no change${which} waits to be confirmed`);
}
