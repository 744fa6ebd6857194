import { batches } from '../../lib/truck/batches.ts';
import type { TruckNetwork } from '../../lib/truck/network.ts';
import { plan, planRemoval } from '../../lib/truck/plan/index.ts';
import type { Obstacle, Plan, Step } from '../../lib/truck/steps.ts';
import type { Applied } from './applied.ts';
import {
  type Checkpoint,
  CheckpointError,
  type Goal,
  NO_POLICY,
  readCheckpoint,
  writeCheckpoint,
} from './checkpoint.ts';
import { execute } from './execute.ts';
import { type LockOptions, withLock } from './lock.ts';
import { observe } from './observe.ts';
import { keepReserve, spendReserve } from './reserve.ts';
import { change, type Ground, recover, removal } from './transaction.ts';
import type { Truck } from './truck.ts';

/** How long to wait for somebody else's apply, and who is told what while it happens. */
export interface ApplyOptions extends LockOptions {
  /** Told once, before the first step, if there is anything to do. */
  readonly onPlan?: (steps: readonly Step[]) => void;
  readonly onStep?: (step: Step, state: 'begun' | 'done') => void;
}

/** Something that isn't ours is in the way; nothing was changed. */
export class ObstacleError extends Error {
  override readonly name = 'ObstacleError';
  readonly obstacles: readonly Obstacle[];

  constructor(obstacles: readonly Obstacle[]) {
    super(obstacles.map(({ what, remedy }) => `${what}: ${remedy}`).join('\n'));
    this.obstacles = obstacles;
  }
}

/** What a policy document means on this truck. @throws Error when it means nothing (any longer) */
export type Meaning = Ground['mean'];

/** What `apply` would do now. @throws ObstacleError */
export async function planApply(desired: TruckNetwork, truck: Truck): Promise<Plan> {
  const planned = plan(desired, await observe(truck, desired.sysctls));
  if (planned.obstacles.length > 0) throw new ObstacleError(planned.obstacles);
  return planned;
}

/**
 * Makes the truck what the goal says, or again what it was (transaction.ts). Done twice, the second does nothing. Of two at once one
 * waits for the other.
 * @throws ObstacleError, LockedError: nothing was changed; RolledBackError; UnfinishedError
 */
export function apply(goal: Goal, mean: Meaning, truck: Truck, options: ApplyOptions = {}): Promise<Applied> {
  const ground = groundOf(truck, mean, options);
  // Whoever applies a policy says what is to be: what can't be read is of no use to him.
  const read = () => ground.read().catch(orNoPolicy);
  return withLock(truck.state.lock, () => change(goal, { ...ground, read }), options);
}

/** After a crash or a drift: back to the policy that was last in force, or on with the first. @throws ObstacleError, LockedError */
export function restore(mean: Meaning, truck: Truck, options: ApplyOptions = {}): ReturnType<typeof recover> {
  return withLock(truck.state.lock, () => recover(groundOf(truck, mean, options)), options);
}

/** Removes what is owned and nothing else. @throws LockedError */
export function remove(truck: Truck, options: ApplyOptions = {}): Promise<Applied> {
  const ground = groundOf(truck, meansNothing, options);
  const read = () => ground.read().catch(orNoPolicy);
  return withLock(truck.state.lock, () => removal({ ...ground, read }), options);
}

function groundOf(truck: Truck, mean: Meaning, options: ApplyOptions): Ground {
  const { checkpoint, reserve } = truck.state;
  return {
    mean,
    read: () => readCheckpoint(checkpoint),
    write: async (next) => {
      await writeCheckpoint(checkpoint, next);
      await keepReserve(reserve);
    },
    makeRoom: () => spendReserve(reserve),
    converge: async (desired, begin) => {
      const { steps, absent } = await planApply(desired, truck);
      if (steps.length === 0) return { steps, drift: [], absent };
      await begin();
      await executeAll(steps, truck, options);
      return { steps, drift: (await planApply(desired, truck)).steps, absent };
    },
    clear: async (begin) => {
      const steps = planRemoval(await observe(truck, []));
      if (steps.length === 0) return { steps, drift: [], absent: [] };
      await begin();
      await executeAll(steps, truck, options);
      return { steps, drift: planRemoval(await observe(truck, [])), absent: [] };
    },
  };
}

function orNoPolicy(error: unknown): Checkpoint {
  if (error instanceof CheckpointError) return NO_POLICY;
  throw error;
}

function meansNothing(): Promise<never> {
  return Promise.reject(new Error('a removal asks for no policy'));
}

async function executeAll(steps: readonly Step[], truck: Truck, { onPlan, onStep }: ApplyOptions): Promise<void> {
  onPlan?.(steps);
  for (const batch of batches(steps)) {
    const results = await Promise.allSettled(
      batch.map(async (step) => {
        onStep?.(step, 'begun');
        await execute(step, truck);
        onStep?.(step, 'done');
      }),
    );
    // Only after all of the batch have ended: nothing goes on behind the back of who is told of the failure.
    const failed = results.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }
}
