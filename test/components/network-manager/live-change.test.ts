import { Conversations } from './conversations.ts';
import { LIVE_CHANGES } from './live-changes.ts';

/** Conversations through the router, on the real kernel, while its ruleset changes. */
jest.setTimeout(30_000);

let conversations: Conversations;
beforeAll(async () => {
  conversations = await Conversations.make();
});
afterAll(() => conversations?.remove());

test.each(LIVE_CHANGES.map((trial) => [trial.name, trial] as const))('%s', async (_name, trial) => {
  expect(await trial.problems(conversations)).toEqual([]);
});
