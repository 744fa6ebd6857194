import { SCRIPT_TRIALS, type ScriptTrial } from './script-trials.ts';
import { ScriptTruck } from './script-truck.ts';

/** The router's own script on the real kernel, in network namespaces. */
jest.setTimeout(60_000);

let truck: ScriptTruck;
beforeAll(async () => {
  truck = await ScriptTruck.make();
});
afterAll(() => truck?.remove());

const TRIALS: readonly ScriptTrial[] = Object.values(SCRIPT_TRIALS);
test.each(TRIALS.map((trial) => [trial.name, trial] as const))('%s', async (_name, trial) => {
  expect(await trial.problems(truck)).toEqual([]);
});
