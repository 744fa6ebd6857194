import { rm } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { bootMoment } from '../../host/boot-clock.ts';
import { apply, confirmChange, type Meaning, rollBackChange } from '../apply.ts';
import { type Moment, readCheckpoint } from '../checkpoint.ts';
import { startGuard } from '../guard.ts';
import type { Truck } from '../truck.ts';
import { keepBaseline, readBaseline } from './baseline-file.ts';
import type { ChangeWorld } from './change.ts';

/** Somebody else's apply may take so long. */
const PATIENCE_MS = 120_000;

type OnTruck = Omit<ChangeWorld, 'measure' | 'isCloudAlive' | 'say'>;

/** Changes on this very truck. @param worker path of the program of worker.ts */
export function truckWorld(truck: Truck, mean: Meaning, worker: string, signal: AbortSignal): OnTruck {
  const { state, docker } = truck;
  const options = { patienceMs: PATIENCE_MS, signal };
  return {
    signal,
    now: bootMoment,
    pause: (milliseconds) => pause(milliseconds, undefined, { signal }).catch(() => undefined),
    checkpoint: () => readCheckpoint(state.checkpoint),
    apply: (goal, withinMs) => {
      const guard = (deadline: Moment) => startGuard(guardProgram(worker, deadline), state.guards, deadline, withinMs);
      return apply(goal, mean, truck, { ...options, confirmation: { withinMs, guard } });
    },
    confirm: (revision) => confirmChange(revision, mean, truck, options),
    rollBack: (revision, why) => rollBackChange({ revision, why }, mean, truck, options),
    baseline: {
      read: () => readBaseline(state.baseline),
      keep: (revision, baseline) => keepBaseline(state.baseline, revision, baseline),
      forget: () => rm(state.baseline, { force: true }),
    },
    absent: async (document) => {
      const { containers } = await mean(document);
      const listed = await docker.get<readonly { readonly Names: readonly string[] }[]>('/containers/json');
      const there = new Set(listed.flatMap(({ Names }) => Names.map((name) => name.slice(1))));
      return containers.flatMap(({ kind, name }) => (kind === 'adopted' && !there.has(name) ? [name] : []));
    },
  };
}

/** A worker reads its question from its input, which a detached one hasn't: so a shell gives it. */
function guardProgram(worker: string, deadline: Moment): readonly string[] {
  const ask = 'question=$1; shift; printf %s "$question" | "$@"';
  const program = [process.execPath, ...process.execArgv, worker, 'guard'];
  return ['sh', '-c', ask, 'firebreak-guard', JSON.stringify(deadline), ...program];
}
