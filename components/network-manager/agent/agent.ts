import { ask } from '../../host/worker.ts';
import type { Meaning } from '../apply.ts';
import { eventSources } from '../events.ts';
import { hold } from '../hold.ts';
import type { TruckSurroundings } from '../surroundings.ts';
import { PACE, watch } from '../watch.ts';
import { sayReport } from './say.ts';

/** Compiling the largest policy takes seconds on a small computer. */
const COMPILE_WITHIN_MS = 120_000;
/** An apply of a whole truck takes minutes; the watch waits for it. */
const PATIENCE_MS = 900_000;

/** The network manager as it runs on a truck. @param worker path of the program of worker.ts */
export async function runAgent(own: TruckSurroundings, worker: string, signal: AbortSignal): Promise<void> {
  const mean: Meaning = (document) => ask(worker, 'compile', { document }, COMPILE_WITHIN_MS);
  const { repair, sysctls } = hold(null, mean, own.truck, { patienceMs: PATIENCE_MS, signal });
  await watch({ repair, sources: eventSources(own.docker, sysctls), say: sayReport, pace: PACE, signal });
}
