import { setTimeout as pause } from 'node:timers/promises';
import type { Surroundings } from '../../host/surroundings.ts';
import { ask } from '../../host/worker.ts';
import { readCheckpoint } from '../../network-manager/checkpoint.ts';
import { stateDirectory } from '../../network-manager/truck.ts';
import type { MeasureAnswer, MeasureQuestion } from './measure-evidence.ts';

const MEASURE_WITHIN_MS = 300_000;
const EVERY_MS = 60_000;

/** The isolation tester as it runs on a truck. @param worker path of the program of worker.ts */
export async function runTester(own: Surroundings, worker: string, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const { good } = await readCheckpoint(stateDirectory(own.stateRoot).checkpoint);
    if (good !== null) {
      const question: MeasureQuestion = {
        document: good.document,
        bypasses: false,
        thing: own.thing ?? '',
        everyMs: EVERY_MS,
      };
      const { reported } = await ask<MeasureAnswer>(worker, 'measure', question, MEASURE_WITHIN_MS);
      process.stdout.write(`${JSON.stringify(reported)}\n`);
    }
    await pause(EVERY_MS, undefined, { signal }).catch(() => undefined);
  }
}
