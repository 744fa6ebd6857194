import { batches } from '../../lib/truck/batches.ts';
import type { TruckNetwork } from '../../lib/truck/network.ts';
import { plan, planRemoval } from '../../lib/truck/plan/index.ts';
import type { Obstacle, Plan, Step } from '../../lib/truck/steps.ts';
import { execute } from './execute.ts';
import { type LockOptions, withLock } from './lock.ts';
import { observe } from './observe.ts';
import type { Truck } from './truck.ts';

/** What an apply did. */
export interface Applied {
  /** The steps in the order in which they were done. */
  readonly steps: readonly Step[];
  /** Steps that would still be needed afterwards: none, or the truck network is not what was asked for. */
  readonly drift: readonly Step[];
  /** Containers to be adopted that aren't there yet. */
  readonly absent: readonly string[];
}

/** How long to wait for somebody else's apply, and who is told what while it happens. */
export interface ApplyOptions extends LockOptions {
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

/** What `apply` would do now. @throws ObstacleError */
export async function planApply(desired: TruckNetwork, truck: Truck): Promise<Plan> {
  const planned = plan(desired, await observe(truck, desired.sysctls));
  if (planned.obstacles.length > 0) throw new ObstacleError(planned.obstacles);
  return planned;
}

/**
 * Observes, plans, does the steps, observes again. Done twice, the second does nothing. Of two at once one waits for the other.
 * @throws ObstacleError, LockedError: nothing was changed
 */
export function apply(desired: TruckNetwork, truck: Truck, options: ApplyOptions = {}): Promise<Applied> {
  return withLock(
    truck.state.lock,
    async () => {
      const { steps, absent } = await planApply(desired, truck);
      await executeAll(steps, truck, options);
      const drift = steps.length === 0 ? [] : (await planApply(desired, truck)).steps;
      return { steps, drift, absent };
    },
    options,
  );
}

/** Removes what is owned and nothing else. @throws LockedError */
export function remove(truck: Truck, options: ApplyOptions = {}): Promise<Applied> {
  return withLock(
    truck.state.lock,
    async () => {
      const steps = planRemoval(await observe(truck, []));
      await executeAll(steps, truck, options);
      return { steps, drift: planRemoval(await observe(truck, [])), absent: [] };
    },
    options,
  );
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
