import { batches } from '../../lib/truck/batches.ts';
import type { TruckNetwork } from '../../lib/truck/network.ts';
import { plan, planRemoval } from '../../lib/truck/plan/index.ts';
import type { Obstacle, Plan, Step } from '../../lib/truck/steps.ts';
import { bootMoment } from '../host/boot-clock.ts';
import type { Applied } from './applied.ts';
import {
  type Checkpoint,
  CheckpointError,
  type Goal,
  type Moment,
  NO_POLICY,
  readCheckpoint,
  writeCheckpoint,
} from './checkpoint.ts';
import { confirm, keep, rollBack, rollBackOverdue } from './confirmation.ts';
import { execute } from './execute.ts';
import { dismissGuards } from './guard.ts';
import { type LockOptions, withLock } from './lock.ts';
import { observe } from './observe.ts';
import { isProvisional } from './provisional.ts';
import { keepReserve, spendReserve } from './reserve.ts';
import { type Changed, change, type Ground, type Recovered, recover, removal } from './transaction.ts';
import type { Truck } from './truck.ts';

/** How long to wait for somebody else's apply, and who is told what while it happens. */
export interface ApplyOptions extends LockOptions {
  /** Told once, before the first step, if there is anything to do. */
  readonly onPlan?: (steps: readonly Step[]) => void;
  readonly onStep?: (step: Step, state: 'begun' | 'done') => void;
}

/** That a change is to be confirmed, or it is rolled back. */
export interface Confirmation {
  /** So soon after its beginning, in milliseconds. */
  readonly withinMs: number;
  /** Starts what rolls it back at the deadline, also when this process is dead by then (guard.ts). */
  readonly guard: (deadline: Moment) => Promise<void>;
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
export function apply(
  goal: Goal,
  mean: Meaning,
  truck: Truck,
  options: ApplyOptions & { readonly confirmation?: Confirmation } = {},
): Promise<Changed> {
  const { confirmation } = options;
  const ground = groundOf(truck, mean, options, confirmation?.guard);
  // Whoever applies a policy says what is to be: what can't be read is of no use to him.
  const read = () => ground.read().catch(orNoPolicy);
  return withLock(truck.state.lock, () => change(goal, { ...ground, read }, confirmation?.withinMs), options);
}

type Settling<T> = (mean: Meaning, truck: Truck, options?: ApplyOptions) => Promise<T>;

/** After a crash: back to the policy that was last in force, or on with the first. @throws ObstacleError, LockedError */
export const restore: Settling<Recovered | null> = (mean, truck, options = {}) =>
  withLock(truck.state.lock, () => recover(groundOf(truck, mean, options)), options);

/** The same after a drift; a change that waits to be confirmed is kept. @throws ObstacleError, LockedError */
export const keepInForce: Settling<Recovered | null> = (mean, truck, options = {}) =>
  withLock(truck.state.lock, () => keep(groundOf(truck, mean, options)), options);

/** Takes the change that waits for it. @param revision null: whichever waits @throws NotPendingError, LockedError */
export const confirmChange = (revision: string | null, ...[mean, truck, options = {}]: Parameters<Settling<Goal>>) =>
  withLock(truck.state.lock, () => confirm(revision, groundOf(truck, mean, options)), options);

/** Takes the change back that waits to be confirmed. @throws NotPendingError, ObstacleError, LockedError */
export const rollBackChange = (
  { revision, why }: { readonly revision: string; readonly why: string },
  ...[mean, truck, options = {}]: Parameters<Settling<Recovered | null>>
) => withLock(truck.state.lock, () => rollBack(revision, why, groundOf(truck, mean, options)), options);

/** One look of the guard. @returns milliseconds until the next one; 0: it isn't needed any longer */
export const guardChange = (deadline: Moment, ...[mean, truck, options = {}]: Parameters<Settling<number>>) =>
  withLock(truck.state.lock, () => rollBackOverdue(deadline, groundOf(truck, mean, options)), options);

/** Removes what is owned and nothing else. @throws LockedError */
export function remove(truck: Truck, options: ApplyOptions = {}): Promise<Applied> {
  const ground = groundOf(truck, meansNothing, options);
  const read = () => ground.read().catch(orNoPolicy);
  return withLock(truck.state.lock, () => removal({ ...ground, read }), options);
}

function groundOf(truck: Truck, mean: Meaning, options: ApplyOptions, guard: Ground['guard'] = nobodyGuards): Ground {
  const { checkpoint, reserve, guards } = truck.state;
  return {
    mean,
    now: bootMoment,
    guard,
    read: () => readCheckpoint(checkpoint),
    write: async (next) => {
      await writeCheckpoint(checkpoint, next);
      if (!isProvisional(next.underway)) await dismissGuards(guards);
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

function nobodyGuards(): Promise<never> {
  return Promise.reject(new Error('only an apply begins a provisional change'));
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
