import { ScriptTruck } from './script-truck.ts';
import { SERVED_TRIALS, type ServedTrial } from './served-trials.ts';

/** The router's DHCP and DNS servers, as its script runs them, on the real kernel in network namespaces. */
jest.setTimeout(180_000);

let truck: ScriptTruck;
beforeAll(async () => {
  truck = await ScriptTruck.make();
});
afterAll(() => truck?.remove());

const TRIALS: readonly ServedTrial[] = Object.values(SERVED_TRIALS);
test.each(TRIALS.map((trial) => [trial.name, trial] as const))('%s', async (_name, trial) => {
  expect(await trial.problems(truck)).toEqual([]);
});
