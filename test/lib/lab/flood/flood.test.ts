import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../../../../components/host/run.ts';
import { Flood } from '../../../../lib/lab/flood/flood.ts';
import type { Stream, Tally } from '../../../../lib/lab/flood/stream.ts';
import { bundle } from '../../../components/bundle.ts';
import { until } from '../../../components/host/until.ts';
import { TestNetwork } from '../../../components/isolation-tester/network.ts';

/** The flood's process, in real network namespaces. */
jest.setTimeout(30_000);

const directory = mkdtempSync(join(tmpdir(), 'firebreak-flood-'));
const program = join(directory, 'flood.cjs');
let network: TestNetwork;
let flood: Flood;

const PING: Stream = { name: 'ping', from: 'one', to: '10.0.2.4', everyMs: 1, packets: { kind: 'pings' } };
const TALK: Stream = { ...PING, name: 'talk', packets: { kind: 'datagrams', port: 7000 } };
const frames = (mac: string, source = '10.0.1.4'): Stream => ({
  ...{ ...PING, name: `frames to ${mac}` },
  packets: { kind: 'frames', source, macs: [mac], protocol: 'udp', port: 7000 },
});
/** The test network's router has the product's MAC addresses. */
const AT_ROUTER = frames('06:fb:0a:00:01:03');

const places = () =>
  Object.fromEntries(['one', 'neighbour', 'two'].map((node) => [node, { netns: network.netns(node) }]));
const begin = (phase: string, ...streams: readonly Stream[]) => flood.phase({ phase, places: places(), streams });

/** What a stream came to in a phase, when so much of it has been sent. */
async function after(packets: number, stream: Stream, phase: string): Promise<Tally> {
  const find = async () =>
    (await flood.tell()).tallies.find((tally) => tally.stream.name === stream.name && tally.phase === phase);
  for (let found = await find(); ; found = await find()) {
    if (found !== undefined && found.sent + found.unsent >= packets) break;
  }
  const { tallies, lostFrames } = await flood.settle();
  expect(lostFrames).toBe(0);
  const settled = tallies.find((tally) => tally.stream.name === stream.name && tally.phase === phase);
  if (settled === undefined) throw new Error(`nothing is known of ${stream.name} ${phase}`);
  return settled;
}

beforeAll(async () => {
  bundle("import './lib/lab/flood/process.ts';", program);
  network = await TestNetwork.make({
    segments: { a: '10.0.1.3/24', b: '10.0.2.3/24' },
    nodes: { one: ['a', '10.0.1.4/24'], neighbour: ['a', '10.0.1.5/24'], two: ['b', '10.0.2.4/24'] },
  });
});
beforeEach(async () => {
  await network.forward('accept');
  const environment = { ...process.env, NODE_PATH: join(__dirname, '../../../../node_modules') };
  flood = await Flood.start([process.execPath, program], {}, environment);
});
afterEach(() => flood.end());
afterAll(async () => {
  rmSync(directory, { recursive: true });
  await network?.remove();
});

test('pings are heard at the target, and their answers at the source', async () => {
  await begin('all', PING);
  const { sent, unsent, heard, answers } = await after(100, PING, 'all');
  expect({ unsent, heard, answers }).toEqual({ unsent: 0, heard: { two: sent }, answers: { one: sent } });
});

test('datagrams and frames are heard where they go, and frames to nobody’s address by everybody in the segment', async () => {
  const lost = frames('02:00:00:00:00:77');
  await begin('all', TALK, AT_ROUTER, lost);
  for (const stream of [TALK, AT_ROUTER]) {
    const { sent, heard } = await after(100, stream, 'all');
    expect(heard).toEqual({ two: sent });
  }
  const { sent, heard } = await after(100, lost, 'all');
  expect(heard).toEqual({ neighbour: sent });
});

test('what a router drops is heard nowhere, and belongs to the phase in which it was sent', async () => {
  await begin('open', AT_ROUTER);
  await after(50, AT_ROUTER, 'open');
  await network.forward('drop');
  await begin('closed', AT_ROUTER);
  expect((await after(50, AT_ROUTER, 'closed')).heard).toEqual({});
  const open = await after(50, AT_ROUTER, 'open');
  expect(open.heard.two).toBeGreaterThanOrEqual(50);
});

test('a place that is made anew is followed, and the old one is not kept alive', async () => {
  await begin('all', PING);
  await after(50, PING, 'all');
  const name = network.netns('neighbour').replace('/run/netns/', '');
  await run(['ip', 'netns', 'delete', name]);
  // Its cable ends with it, unless somebody holds it.
  await until('the cable is gone', async () => !(await network.sh('switch', 'ip -o link')).includes('n-neighbour'));
  await run(['ip', 'netns', 'add', name]);
  const port = `link add name eth0 netns ${name} type veth peer name n-neighbour`;
  await network.ip('switch', port, 'link set dev n-neighbour master a up');
  await network.ip('neighbour', 'address add 10.0.1.5/24 dev eth0', 'link set dev eth0 up');
  const again: Stream = { ...PING, name: 'again', to: '10.0.1.5' };
  await begin('anew', again);
  await until('it is heard there', async () => {
    const { tallies } = await flood.tell();
    return tallies.some(({ stream, heard }) => stream.name === 'again' && (heard.neighbour ?? 0) > 0);
  });
});

test('what can’t be sent is counted as such', async () => {
  const nowhere: Stream = { ...PING, name: 'nobody there', from: 'absent' };
  await begin('all', nowhere);
  expect(await after(20, nowhere, 'all')).toMatchObject({ sent: 0, heard: {}, answers: {} });
});

test('what has been counted is forgotten on demand, apart from the present phase', async () => {
  await begin('old', PING);
  await after(20, PING, 'old');
  await begin('new', PING);
  await flood.forget();
  const { tallies } = await flood.tell();
  expect(tallies.map(({ phase }) => phase)).toEqual(['new']);
});
