import { wishId } from '../../lib/shadow/index.ts';
import type { Matrix } from '../../lib/truck/judge.ts';
import { BAD_DESIRED } from './bad-desired.ts';
import { ARTICLE, type Document, ServedLab } from './served-lab.ts';

/**
 * The components as they are shipped, on the lab's truck: its shadow says what it shall be, and what was measured comes back by it.
 */
jest.setTimeout(900_000);

let served: ServedLab;

beforeAll(async () => {
  served = await ServedLab.open();
});
afterAll(() => served?.close());

/** In `desired` of the shadow; whoever closes a flow has to say so, because a shadow is merged. */
const flows = (flows: Document | null) => ({ policy: { flows } });

const verdictOf = (all: Matrix['rows'], id: string) => all.find(({ expectation }) => expectation.id === id)?.observed;

let revision: string;

test('deployed components make the truck what the baseline says, and report it to the cloud through its router', async () => {
  await served.deploy();
  const { revision: first } = await served.until('network', ({ status }) => status === 'applied');
  revision = first?.id ?? '';
  expect(revision).not.toBe('');
});

test('what a client that is not ours desires comes into force, and the article’s rows come back as promised', async () => {
  await served.desire({ policy: ARTICLE });
  revision = await served.appliedAndIsolated(revision);
  const all = await served.rows();
  expect(all).toHaveLength(28);
  expect(all.filter(({ outcome }) => outcome !== 'as-expected')).toEqual([]);
});

test('a flow is opened and closed by the shadow, and both are measured', async () => {
  const closed = await served.rows();
  const pair = 'container1>container2 icmp';
  expect(verdictOf(closed, pair)).toBe('dropped');
  await served.desire(flows({ 'one-to-two': { from: 'container1', to: 'container2', protocol: 'icmp' } }));
  const opened = await served.appliedAndIsolated(revision);
  expect(verdictOf(await served.rows(), pair)).toBe('reachable');
  await served.desire(flows(null));
  revision = await served.appliedAndIsolated(opened);
  expect(verdictOf(await served.rows(), pair)).toBe('dropped');
});

test('a policy that cuts the uplink is rolled back by itself, and why is reported', async () => {
  const uplinks = {
    wlan: { interface: 'wlp3s0f0', subnet: '192.168.77.0/24', address: '192.168.77.2', gateway: '192.168.77.1' },
  };
  await served.desire({ policy: { uplinks } });
  const told = await served.until('network', ({ status }) => status === 'rolled-back');
  expect(told.revision?.id).toBe(revision);
  expect(told.why).toMatch(/cloud|internet/);
  await served.replaceDesired({ policy: ARTICLE });
  await served.until('network', ({ status, revision: present }) => status === 'applied' && present?.id === revision);
});

/** Under software emulation each takes a few seconds: without FIREBREAK_LAB_BAD=all every tenth. */
const CHOSEN = BAD_DESIRED.filter((_bad, index) => process.env.FIREBREAK_LAB_BAD === 'all' || index % 10 === 0);

test.each(CHOSEN)('$what in desired is refused at $path, and nothing is touched', async ({ desired, path }) => {
  const before = await served.network();
  await served.replaceDesired(desired);
  const id = wishId(desired);
  const told = await served.until('network', (reported) => reported.desired?.id === id);
  expect([told.status, told.revision?.id]).toEqual(['refused', revision]);
  expect(told.problems).toContainEqual(expect.objectContaining({ path, message: expect.stringMatching(/./) }));
  expect(await served.network()).toBe(before);
});

test('what is too large for a shadow the cloud refuses, and the truck never hears of it', async () => {
  const { state } = (await served.shadow('network')) ?? {};
  await served.desire({ policy: { segments: { br0net: { vlan: 'x'.repeat(100_000) } } } });
  expect((await served.shadow('network'))?.state).toEqual(state);
});
