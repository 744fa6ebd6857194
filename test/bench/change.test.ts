import { changeSeenIn } from '../../bench/served/change.ts';
import { run } from '../../components/host/run.ts';
import { evidenceTopic, shadowTopic } from '../../lib/shadow/names.ts';
import { tableRuleset } from '../../lib/truck/ruleset/text.ts';
import { TestClient } from '../lib/lab/cloud/client.ts';
import { type TestCloud, testCloud } from '../lib/lab/cloud/support.ts';

jest.setTimeout(120_000);

/** The lab's broker and shadow service, the real nft in a network namespace (root is needed), and somebody who does what a truck does. */
const THING = 'truck-1';
const NAMESPACE = `fbt-${process.pid}-change`;
const NETNS = `/run/netns/${NAMESPACE}`;
const RULESET = tableRuleset('inet', 'firebreak', [
  { name: 'forward', hook: 'filter hook forward priority 0', policy: 'drop', rules: [] },
]);
const REVISION = { sequence: 1, hash: '0123', id: '1-0123' };
const ISOLATION = {
  revision: REVISION,
  verdict: 'isolated',
  counts: { breach: 0 },
  measuredAt: '2026-11-25T09:30:00.000Z',
};

let cloud: TestCloud;
let truck: TestClient;
beforeAll(async () => {
  await run(['ip', 'netns', 'add', NAMESPACE]);
  cloud = await testCloud();
  truck = await TestClient.connect(cloud.cloud, THING);
  await truck.subscribe(`${shadowTopic(THING, 'network')}/update/delta`);
});
afterAll(async () => {
  await truck.client.endAsync(true);
  await cloud.end();
  await run(['ip', 'netns', 'delete', NAMESPACE]);
});

const report = (shadow: 'network' | 'isolation', reported: object) =>
  truck.publish(`${shadowTopic(THING, shadow)}/update`, { state: { reported } });

/** What the truck does when it hears of another wish. */
function answering(how: () => Promise<void>): Promise<void> {
  return new Promise((resolve, reject) => {
    truck.client.once('message', () => void how().then(resolve, reject));
  });
}

function changed(wish: string, withinMs = 60_000) {
  const { endpoint, operator } = cloud.cloud;
  return changeSeenIn(NETNS, {
    ...{ broker: { host: endpoint.host, port: endpoint.mqtt, ...operator }, thing: THING, wish, withinMs },
    ...{ revision: REVISION.id, ruleset: RULESET, update: { policy: { wish } } },
  });
}

test('each milestone has its time, in the order in which they came; only the truck’s own messages count', async () => {
  const worked = answering(async () => {
    await report('network', { status: 'applying', desired: { id: 'first' } });
    await run(['nft', '-f', '-'], { netns: NETNS, input: RULESET.text });
    await report('network', { status: 'applied', desired: { id: 'first' }, revision: REVISION });
    await truck.publish(evidenceTopic(THING), { revision: REVISION.id });
    await report('isolation', ISOLATION);
  });
  const seen = await changed('first');
  await worked;
  expect(seen.enforced).toBeGreaterThan(0);
  expect(seen.reported).toBeGreaterThan(seen.enforced);
  expect(seen.measured).toBeGreaterThan(seen.reported);
  expect(seen.roundTrip).toBeGreaterThan(0);
  expect(seen.load).toBeGreaterThan(0);
  expect(seen.messages.map(({ topic }) => topic)).toEqual([
    `${shadowTopic(THING, 'network')}/update`,
    `${shadowTopic(THING, 'network')}/update`,
    evidenceTopic(THING),
    `${shadowTopic(THING, 'isolation')}/update`,
  ]);
});

test('a wish that the truck refuses ends it with the truck’s words', async () => {
  const worked = answering(() =>
    report('network', { status: 'refused', desired: { id: 'bad' }, why: 'not like this' }),
  );
  await expect(changed('bad')).rejects.toThrow('the truck says refused: not like this');
  await worked;
});

test('what does not come in time is named', async () => {
  await expect(changed('unheard', 1000)).rejects.toThrow(
    'after 1 s it is not enforced, not reported, not measured, not evident',
  );
});
