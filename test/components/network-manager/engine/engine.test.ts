import { ENGINE_TRIALS } from './engine-trials.ts';
import { EngineTruck } from './engine-truck.ts';

/** A real Docker Engine on this machine's kernel: what it makes of the requests. */
jest.setTimeout(180_000);

let truck: EngineTruck;
beforeAll(async () => {
  truck = await EngineTruck.make();
});
afterAll(() => truck?.remove());

test.each(ENGINE_TRIALS.map((trial) => [trial.name, trial] as const))('%s', async (_name, trial) => {
  expect(await trial.problems(truck)).toEqual([]);
});
