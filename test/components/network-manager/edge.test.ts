import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CommandError, run } from '../../../components/host/run.ts';
import { measure } from '../../../components/isolation-tester/measure.ts';
import { Flood } from '../../../lib/lab/flood/flood.ts';
import type { Stream } from '../../../lib/lab/flood/stream.ts';
import type { Expectation } from '../../../lib/truck/expectation.ts';
import { portGroup } from '../../../lib/truck/port-group.ts';
import { edgeRuleset } from '../../../lib/truck/ruleset/edge.ts';
import { hostRuleset } from '../../../lib/truck/ruleset/host.ts';
import { example } from '../../lib/truck/support.ts';
import { bundle } from '../bundle.ts';
import { until } from '../host/until.ts';
import { TestNetwork } from '../isolation-tester/network.ts';

/** The real kernel: the station's segments on bridges, and a router that has lost its rules: it forwards and answers everything. */
const ADDRESS = {
  tablet: '10.20.10.5',
  navigation: '10.20.10.6',
  'pump-panel': '10.20.20.11',
  modem: '10.20.30.5',
  internet: '203.0.113.7',
  stranger: '203.0.113.8',
  "the router's address in radio": '10.20.30.1',
} as const;
type Name = keyof typeof ADDRESS;

jest.setTimeout(30_000);

let network: TestNetwork;

beforeAll(async () => {
  network = await TestNetwork.make({
    segments: { cab: '10.20.10.1/24', pump: '10.20.20.1/25', radio: '10.20.30.1/28', out: '203.0.113.1/24' },
    nodes: {
      tablet: ['cab', '10.20.10.5/24'],
      navigation: ['cab', '10.20.10.6/24'],
      'pump-panel': ['pump', '10.20.20.11/25'],
      modem: ['radio', '10.20.30.5/28'],
      internet: ['out', '203.0.113.7/24'],
      stranger: ['out', '203.0.113.8/24'],
    },
  });
  // Behind the switch.
  await network.ip('switch', 'link set dev n-tablet down', 'link set dev n-tablet name enp2s0.10 up');
});
afterAll(() => network?.remove());

const load = () =>
  run(['nft', '-f', '-'], { netns: network.netns('switch'), input: edgeRuleset(example('station.yaml')).text });
const unload = () => network.sh('switch', 'nft flush ruleset');

/** Does a ping arrive? */
async function arrives(from: Name, to: Name): Promise<boolean | null> {
  const probe: Expectation = {
    ...{ id: `${from}>${to}`, from, to: to.startsWith('the router') ? 'router' : to, address: ADDRESS[to] },
    ...{ probe: { protocol: 'icmp' }, verdict: 'isolated', because: 'a test says so' },
  };
  const everywhere = network.vantages('router', 'tablet', 'navigation', 'pump-panel', 'modem', 'internet', 'stranger');
  const [observation] = await measure(everywhere, [probe], { expectReply: () => false });
  if (observation?.error !== undefined) throw new Error(observation.error);
  return observation?.arrived ?? null;
}

const FORBIDDEN: readonly (readonly [Name, Name, string])[] = [
  ['tablet', 'modem', 'no flow joins cab and radio'],
  ['modem', 'navigation', 'nor radio and cab'],
  ['tablet', "the router's address in radio", 'it belongs to another segment'],
  ['pump-panel', 'internet', 'pump has no internet'],
  ['internet', 'pump-panel', 'pump has no internet'],
];

describe.each(FORBIDDEN)('%s to %s', (from, to, why) => {
  beforeEach(unload);
  afterAll(unload);

  test('passes a router without rules', async () => {
    expect(await arrives(from, to)).toBe(true);
  });

  test(`does not pass the edge: ${why}`, async () => {
    await load();
    expect(await arrives(from, to)).toBe(false);
  });
});

describe('the edge lets pass', () => {
  beforeAll(load);
  afterAll(unload);

  test.each<readonly [Name, Name, string]>([
    ['tablet', 'navigation', 'one segment'],
    ['tablet', 'pump-panel', 'the segments have a flow: which one, the router knows'],
    ['pump-panel', 'navigation', 'answers come back'],
    ['modem', 'internet', 'radio has internet'],
    ['internet', 'stranger', 'a bridge without segments'],
  ])('%s to %s: %s', async (from, to) => {
    expect(await arrives(from, to)).toBe(true);
  });
});

describe('frames of a sender’s own making', () => {
  let directory: string;
  let flood: Flood;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'firebreak-edge-'));
    const program = join(directory, 'flood.cjs');
    bundle("import './lib/lab/flood/process.ts';", program);
    const environment = { ...process.env, NODE_PATH: join(__dirname, '../../../node_modules') };
    flood = await Flood.start([process.execPath, program], {}, environment);
  });
  afterAll(async () => {
    await flood?.end();
    await unload();
    await rm(directory, { recursive: true });
  });

  /** How many of the tablet's frames the other one hears, of a hundred or more. */
  async function heardAt(other: Name, { to, source, mac }: { to: string; source: string; mac: string }, phase: string) {
    const packets = { kind: 'frames', source, macs: [mac], protocol: 'udp', port: 7000 } as const;
    const stream: Stream = { name: 'frames', from: 'tablet', to, everyMs: 1, packets };
    const places = { tablet: { netns: network.netns('tablet') }, [other]: { netns: network.netns(other) } };
    await flood.phase({ phase, places, streams: [stream] });
    const tally = async () => (await flood.tell()).tallies.findLast((one) => one.phase === phase);
    await until('enough is sent', async () => ((await tally())?.sent ?? 0) > 100);
    await flood.settle();
    return (await tally())?.heard[other] ?? 0;
  }

  test('a source of the target’s own segment does not bring one through a router without rules', async () => {
    const spoof = { to: ADDRESS.modem, source: '10.20.30.7', mac: '06:fb:0a:14:0a:01' };
    await unload();
    expect(await heardAt('modem', spoof, 'a spoofed source, no edge')).toBeGreaterThan(100);
    await load();
    expect(await heardAt('modem', spoof, 'a spoofed source, the edge')).toBe(0);
  });

  test('a container’s port that somebody moved to another bridge joins no two segments, whatever addresses its frames bear', async () => {
    const alike = { to: ADDRESS.modem, source: '10.20.30.7', mac: '02:00:00:00:00:77' };
    await network.ip('switch', 'link set dev n-modem master cab');
    try {
      await load();
      expect(await heardAt('modem', alike, 'moved and not marked')).toBeGreaterThan(100);
      await network.ip('switch', `link set dev n-modem group ${portGroup('10.20.30.0/28')}`);
      expect(await heardAt('modem', alike, 'moved and marked')).toBe(0);
    } finally {
      await network.ip('switch', 'link set dev n-modem master radio', 'link set dev n-modem group 0');
    }
  });

  test('a VLAN link that somebody moved to another bridge does not join two VLANs', async () => {
    const astray = { to: '10.20.10.9', source: ADDRESS.tablet, mac: '02:00:00:00:00:77' };
    const move = (segment: string) => network.ip('switch', `link set dev enp2s0.20 master ${segment}`);
    await network.ip('switch', 'link set dev n-pump-panel down', 'link set dev n-pump-panel name enp2s0.20 up');
    try {
      await move('cab');
      await unload();
      expect(await heardAt('pump-panel', astray, 'moved, no edge')).toBeGreaterThan(100);
      await load();
      expect(await heardAt('pump-panel', astray, 'moved, the edge')).toBe(0);
    } finally {
      await move('pump');
    }
  });
});

describe('a container’s port that is on no bridge of a segment', () => {
  const ping = () =>
    run(['ping', '-c', '1', '-W', '1', '10.20.10.99'], { netns: network.netns('navigation') }).then(
      () => true,
      (error: unknown) => {
        if (error instanceof CommandError) return false;
        throw error;
      },
    );
  const close = async () => {
    await load();
    await run(['nft', '-f', '-'], { netns: network.netns('switch'), input: hostRuleset(['nobody']).text });
  };
  const mark = (group: number) => network.ip('switch', `link set dev n-navigation group ${group}`);
  beforeEach(unload);
  afterEach(async () => {
    await mark(0);
    await unload();
  });

  test.each([
    ['on none', 'link set dev n-navigation nomaster', 'n-navigation'],
    ['on a bridge of the host’s own', 'link set dev n-navigation master foreign', 'foreign'],
  ])('%s: the host hears nothing from it', async (_what, move, link) => {
    await network.ip('switch', 'link add name foreign type bridge', 'link set dev foreign up', move);
    await network.ip('switch', `address add 10.20.10.99/24 dev ${link}`);
    try {
      await close();
      await until('the host answers a port that is not marked', ping);
      await mark(portGroup('10.20.10.0/24'));
      expect(await ping()).toBe(false);
    } finally {
      await network.ip(
        'switch',
        `address delete 10.20.10.99/24 dev ${link}`,
        'link set dev n-navigation master cab',
        'link delete dev foreign',
      );
    }
  });
});

test('nobody is told the router’s address in another segment', async () => {
  const ask = () =>
    run(['busybox', 'arping', '-c', '1', '-w', '2', '-I', 'eth0', '10.20.30.1'], { netns: network.netns('tablet') });
  await unload();
  await ask();
  await load();
  await expect(ask()).rejects.toThrow(CommandError);
  await unload();
});

test('a device’s IPv6 does not reach the bridge', async () => {
  await load();
  const dropped = async () =>
    Number(
      /ether type != \{ ip, arp \} counter packets (\d+)/.exec(
        await network.sh('switch', 'nft list chain bridge firebreak_edge forward'),
      )?.[1],
    );
  const before = await dropped();
  await run(['ping', '-6', '-c', '1', '-W', '1', 'ff02::1%eth0'], { netns: network.netns('tablet') }).catch(
    (error: unknown) => {
      if (!(error instanceof CommandError)) throw error;
    },
  );
  expect(await dropped()).toBeGreaterThan(before);
  await unload();
});
