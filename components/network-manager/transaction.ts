import type { TruckNetwork } from '../../lib/truck/network.ts';
import { describe } from '../../lib/truck/steps.ts';
import type { Applied } from './applied.ts';
import { type Checkpoint, type Goal, NO_POLICY } from './checkpoint.ts';

/**
 * A change of policy is a transaction: the checkpoint is written before the first step and ended after the last look. Whatever comes
 * between (a refusing kernel, a hanging Docker, a full disk, kill -9, a power cut), the truck goes back to the policy that was last in
 * force whole, or on to the new one, by whoever comes next: never to a mixture that somebody takes for either.
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

/**
 * Makes the truck what the goal says, or what it was.
 * @throws RolledBackError; UnfinishedError when it is neither: `recover` goes on from there; any other error: nothing was changed
 */
export async function change(goal: Goal, ground: Ground): Promise<Applied> {
  const desired = await ground.mean(goal.document);
  const { good, underway, links } = await ground.read();
  const isRepair = good?.revision === goal.revision;
  let hasBegun = false;
  const begin = async () => {
    const all = [...new Set([...links, ...linksOf(desired)])];
    if (!isRepair) await ground.write({ good, underway: goal, links: all });
    hasBegun = true;
  };
  try {
    const applied = await ground.converge(desired, begin);
    // The policy in force was applied again, and something resists: there is nothing to go back to.
    if (isRepair && applied.drift.length > 0) return applied;
    throwDrift(applied);
    if (!isRepair || underway !== null) await ground.write({ good: goal, underway: null, links: linksOf(desired) });
    return applied;
  } catch (thrown) {
    const cause = toError(thrown);
    if (!hasBegun || isRepair) throw cause;
    throw await goBack(good, cause, ground);
  }
}

/** What the truck was made, and what that took; null: no policy was applied. @throws Error; it can be tried again. */
export async function recover(
  ground: Ground,
): Promise<{ readonly to: Goal | 'bare'; readonly applied: Applied } | null> {
  const { good, underway } = await ground.read();
  if (underway === 'removal') return { to: 'bare', applied: await removal(ground) };
  const to = good ?? underway;
  if (to === null) return null;
  const desired = await ground.mean(to.document);
  const applied = await ground.converge(desired, async () => undefined);
  if (underway !== null && applied.drift.length === 0)
    await ground.write({ good: to, underway: null, links: linksOf(desired) });
  return { to, applied };
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
async function goBack(good: Goal | null, cause: Error, ground: Ground): Promise<Error> {
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
    await ground.write({ good, underway: null, links: linksOf(desired) });
    return new RolledBackError(cause, good);
  } catch (thrown) {
    return new UnfinishedError(
      `${cause.message}\nand revision ${good.revision} could not be put back in force: ${toError(thrown).message}\nwhen that is mended: firebreak recover`,
      { cause },
    );
  }
}

const linksOf = ({ links }: TruckNetwork): string[] => links.map(({ name }) => name);

function throwDrift({ steps, drift }: Applied): void {
  if (drift.length === 0) return;
  throw new Error(`after ${steps.length} steps the truck still differs:\n${drift.map(describe).join('\n')}`);
}

function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
