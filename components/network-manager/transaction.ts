import type { TruckNetwork } from '../../lib/truck/network.ts';
import { describe } from '../../lib/truck/steps.ts';
import type { Applied } from './applied.ts';
import { type Checkpoint, type Goal, type Moment, NO_POLICY } from './checkpoint.ts';
import {
  changeTo,
  condemned,
  cutShort,
  faultOf,
  goalOf,
  isProvisional,
  later,
  pending,
  rolledBack,
  taken,
} from './provisional.ts';

/**
 * A change of policy is a transaction: the checkpoint is written before the first step and ended after the last look. Whatever comes
 * between (a refusing kernel, a hanging Docker, a full disk, kill -9, a power cut), the truck goes back to the policy that was last in
 * force whole, or on to the new one, by whoever comes next: never to a mixture that somebody takes for either.
 *
 * A provisional change isn't ended by the last look: it stays under way until it is confirmed, and goes back when that doesn't come in time.
 */

/** What a transaction stands on; nobody else changes the truck meanwhile. */
export interface Ground {
  readonly read: () => Promise<Checkpoint>;
  readonly write: (checkpoint: Checkpoint) => Promise<void>;
  /** What a document means on this truck. @throws Error when it means nothing (any longer) */
  readonly mean: (document: string) => Promise<TruckNetwork>;
  /** Observes, plans, does the steps, observes again. `begin` is called before the first step, and not at all if there is none. */
  readonly converge: (desired: TruckNetwork, begin: () => Promise<void>) => Promise<Applied>;
  /** The same, to a bare truck. */
  readonly clear: (begin: () => Promise<void>) => Promise<Applied>;
  /** Makes room on a full disk for what going back has to write. */
  readonly makeRoom: () => Promise<void>;
  readonly now: () => Moment;
  /** Sees to it that `rollBackOverdue` is called at the deadline, also if this process is dead by then. @throws Error when it can't */
  readonly guard: (deadline: Moment) => Promise<void>;
}

/** The policy was not taken; the one before it is in force again. */
export class RolledBackError extends Error {
  override readonly name = 'RolledBackError';
  /** In force again. */
  readonly revision: string;

  constructor(cause: Error, { revision }: Goal) {
    super(`${cause.message}\nrevision ${revision} is in force again`, { cause });
    this.revision = revision;
  }
}

/** The change has stopped on its way, and the way back failed, too, or there is none. */
export class UnfinishedError extends Error {
  override readonly name = 'UnfinishedError';
}

export interface Changed extends Applied {
  /** Until then it must be confirmed; null: it needs no confirmation. */
  readonly confirmBy: Moment | null;
}

/** What the truck was made, and what that took. */
export interface Recovered {
  readonly to: Goal | 'bare';
  readonly applied: Applied;
}

/**
 * Makes the truck what the goal says, or what it was.
 * @param confirmWithinMs it must be confirmed so soon after its beginning; without this, and where there is nothing to go back to or nothing
 * to be done, it is confirmed by itself
 * @throws RolledBackError; UnfinishedError when it is neither: `recover` goes on from there; any other error: nothing was changed
 */
export async function change(goal: Goal, ground: Ground, confirmWithinMs?: number): Promise<Changed> {
  const desired = await ground.mean(goal.document);
  const before = await ground.read();
  const { good, underway, links } = before;
  const isRepair = good?.revision === goal.revision;
  const mustConfirm = confirmWithinMs !== undefined && good !== null && !isRepair;
  const deadline = mustConfirm ? later(ground.now(), confirmWithinMs) : null;
  const all = [...new Set([...links, ...linksOf(desired)])];
  let hasBegun = false;
  const begin = async () => {
    if (deadline !== null) await ground.guard(deadline);
    if (!isRepair) await ground.write({ ...before, underway: changeTo(goal, deadline), links: all });
    // Whoever finds it goes on with the way back.
    else if (isProvisional(underway)) await ground.write({ ...before, underway: cutShort(underway) });
    hasBegun = true;
  };
  try {
    const applied = await ground.converge(desired, begin);
    // The policy in force was applied again, and something resists: there is nothing to go back to.
    if (isRepair && applied.drift.length > 0) return { ...applied, confirmBy: null };
    throwDrift(applied);
    // It differs from an unconfirmed one in nothing that can be seen; so it is as unconfirmed.
    if (!hasBegun && deadline !== null && isProvisional(underway)) await begin();
    if (hasBegun && deadline !== null) {
      await ground.write({ ...before, underway: pending(goal, deadline), links: all });
      return { ...applied, confirmBy: deadline };
    }
    if (!isRepair || underway !== null) await ground.write(taken(goal, linksOf(desired), before));
    return { ...applied, confirmBy: null };
  } catch (thrown) {
    const cause = toError(thrown);
    if (!hasBegun || isRepair) throw cause;
    const fault = { why: cause.message, fault: 'policy' } as const;
    throw await goBack(
      before,
      cause,
      ground,
      deadline === null ? {} : { rolledBack: rolledBack(goal, fault, before.rolledBack) },
    );
  }
}

/**
 * Back to the policy that was last in force, or on with the first.
 * @param why a pending change is taken back before its time
 * @returns null: no policy was applied
 * @throws Error; it can be tried again
 */
export async function recover(ground: Ground, why?: string): Promise<Recovered | null> {
  const checkpoint = await ground.read();
  const { good, underway } = checkpoint;
  if (underway === 'removal') return { to: 'bare', applied: await removal(ground) };
  const to = good ?? underway;
  if (to === null) return null;
  const goal = goalOf(to);
  const desired = await ground.mean(goal.document);
  const lost = isProvisional(underway) ? { ...underway, ...faultOf(underway, ground.now(), why) } : null;
  const applied = await ground.converge(desired, async () => {
    // Killed and found again, it is to be known whose fault it was. Where that can't be written down, going back matters more.
    if (lost?.fault === 'policy' && lost.provisional.state !== 'condemned')
      await remember(condemned(checkpoint, lost), ground);
  });
  if (underway !== null && applied.drift.length === 0) {
    await ground.makeRoom();
    const next = taken(goal, linksOf(desired), checkpoint);
    await ground.write(lost === null ? next : { ...next, rolledBack: rolledBack(lost, lost, checkpoint.rolledBack) });
  }
  return { to: goal, applied };
}

async function remember(checkpoint: Checkpoint, ground: Ground): Promise<void> {
  try {
    await ground.makeRoom();
    await ground.write(checkpoint);
  } catch {
    // Then it is rolled back without a memory of why.
  }
}

/** Back to a bare truck. */
export async function removal(ground: Ground): Promise<Applied> {
  const { good, underway, links } = await ground.read();
  const applied = await ground.clear(() => ground.write({ good, underway: 'removal', links }));
  const isRecorded = applied.steps.length > 0 || good !== null || underway !== null;
  if (isRecorded && applied.drift.length === 0) await ground.write(NO_POLICY);
  return applied;
}

/** @returns what to throw */
async function goBack(
  before: Checkpoint,
  cause: Error,
  ground: Ground,
  remembered: Pick<Checkpoint, 'rolledBack'>,
): Promise<Error> {
  const { good } = before;
  if (good === null) {
    return new UnfinishedError(
      `${cause.message}\nno policy was in force before: what is built stays, and stays closed; apply again, or remove it: firebreak down`,
      { cause },
    );
  }
  try {
    await ground.makeRoom();
    const desired = await ground.mean(good.document);
    throwDrift(await ground.converge(desired, async () => undefined));
    await ground.write({ ...taken(good, linksOf(desired), before), ...remembered });
    return new RolledBackError(cause, good);
  } catch (thrown) {
    return new UnfinishedError(
      `${cause.message}\nand revision ${good.revision} could not be put back in force: ${toError(thrown).message}\nwhen that is mended: firebreak recover`,
      { cause },
    );
  }
}

export const linksOf = ({ links }: TruckNetwork): string[] => links.map(({ name }) => name);

function throwDrift({ steps, drift }: Applied): void {
  if (drift.length === 0) return;
  throw new Error(`after ${steps.length} steps the truck still differs:\n${drift.map(describe).join('\n')}`);
}

function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
