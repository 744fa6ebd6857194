import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readlinkSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { listLinks } from '../../../components/host/ip.ts';
import { run } from '../../../components/host/run.ts';
import { withCanaries } from '../../../components/isolation-tester/canary.ts';
import { measure, type ProbeRequest, type Vantage } from '../../../components/isolation-tester/measure.ts';
import type { Segment } from '../../../lib/policy/index.ts';
import { example } from '../../lib/truck/support.ts';
import { TestNetwork } from './network.ts';

/** A truck whose bridges are the test network's switch, with the segments and devices of the article. */
const policy = example('article.yaml');
const ROOT = join(__dirname, '../../..');
const devices = policy.nodes.filter(({ kind }) => kind === 'device');
const segments = policy.segments.filter(({ name }) => devices.some(({ segment }) => segment === name));
const portOf = ({ vlan }: Segment) => `fbcanary${vlan}`;

// On a busy machine.
jest.setTimeout(30_000);

let network: TestNetwork;
let truck: string;

beforeAll(async () => {
  network = await TestNetwork.make({
    segments: Object.fromEntries(
      segments.map((segment) => [segment.bridge, `${segment.router}/${segment.prefixLength}`]),
    ),
    nodes: {},
  });
  truck = network.netns('switch');
});

afterAll(() => network?.remove());

const openNamespaces = () =>
  readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith('net:');
    } catch {
      return false;
    }
  }).length;

const ports = async () =>
  (await listLinks(truck)).map(({ ifname }) => ifname).filter((name) => name.startsWith('fbcanary'));

const toRouter = (from: string): ProbeRequest => {
  const home = segments.find(({ name }) => devices.some((device) => device.name === from && device.segment === name));
  return { id: from, from, to: 'router', address: home?.router ?? '', probe: { protocol: 'icmp' } };
};

async function reachRouter(canaries: readonly Vantage[]) {
  const observations = await measure(
    [...canaries, ...network.vantages('router')],
    canaries.map(({ node }) => toRouter(node)),
    { expectReply: () => false },
  );
  return observations.map(({ id, arrived, reply, error }) => [id, error ?? [arrived, reply]]);
}

const reached = devices.map(({ name }) => [name, [true, 'answer']]);

async function until(condition: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 5_000;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error('it did not come about within 5 s');
    await sleep(10);
  }
}

test('a canary in each device’s segment measures in its place, and nothing is left of it', async () => {
  const open = openNamespaces();
  expect(await withCanaries(policy, devices, reachRouter, { truck })).toEqual(reached);
  expect(await ports()).toEqual([]);
  expect(openNamespaces()).toBe(open);
});

test('it is a port of the segment’s bridge, holds the segment’s canary address and no IPv6 address', async () => {
  await withCanaries(
    policy,
    devices,
    async (canaries) => {
      for (const [index, segment] of segments.entries()) {
        const port = (await listLinks(truck)).find(({ ifname }) => ifname === portOf(segment));
        expect(port?.master).toBe(segment.bridge);
        const link = (await listLinks(canaries[index]?.netns)).find(({ ifname }) => ifname === 'eth0');
        expect(link?.addr_info?.map(({ local, prefixlen }) => [local, prefixlen])).toEqual([
          [segment.canary, segment.prefixLength],
        ]);
      }
    },
    { truck },
  );
});

test('without devices there is nothing to stand in for', async () => {
  expect(await withCanaries(policy, [], async (canaries) => canaries)).toEqual([]);
});

test('it is removed when measuring throws, and the fault is the one that measuring had', async () => {
  const open = openNamespaces();
  const fault = new Error('measuring failed');
  await expect(withCanaries(policy, devices, () => Promise.reject(fault), { truck })).rejects.toBe(fault);
  expect(await ports()).toEqual([]);
  expect(openNamespaces()).toBe(open);
});

test('what was made before one can’t be made is removed', async () => {
  const open = openNamespaces();
  const [first, ...others] = policy.segments;
  if (first === undefined) throw new Error('a segment is needed');
  const faulty = { ...policy, segments: [...others, { ...first, bridge: 'nowhere' }] };
  const action = jest.fn();
  await expect(withCanaries(faulty, devices, action, { truck })).rejects.toThrow('nowhere');
  expect(action).not.toHaveBeenCalled();
  expect(await ports()).toEqual([]);
  expect(openNamespaces()).toBe(open);
});

test('it is gone already, because somebody removed it: nothing to complain about', async () => {
  const removeAll = async () => {
    for (const port of await ports()) await run(['ip', 'link', 'delete', 'dev', port], { netns: truck });
  };
  await withCanaries(policy, devices, removeAll, { truck });
});

test('two measurements at once have their canaries one after the other', async () => {
  let inside = 0;
  const alone = async (canaries: readonly Vantage[]) => {
    expect(++inside).toBe(1);
    const observations = await reachRouter(canaries);
    inside--;
    return observations;
  };
  const both = [1, 2].map(() => withCanaries(policy, devices, alone, { truck }));
  expect(await Promise.all(both)).toEqual([reached, reached]);
});

test('a measurement that can’t wait any longer for another one says so', async () => {
  const open = openNamespaces();
  const second = () => withCanaries(policy, devices, reachRouter, { truck, patienceMs: 0 });
  await withCanaries(
    policy,
    devices,
    async () => expect(second()).rejects.toThrow(/another measurement keeps its canary in \w+ \(fbcanary\d+\)/),
    { truck },
  );
  expect(openNamespaces()).toBe(open);
});

test('the canaries of a killed process vanish, and the next measurement has its own', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'firebreak-canary-'));
  try {
    const script = join(directory, 'wait.ts');
    await writeFile(
      script,
      `import { withCanaries } from '${ROOT}/components/isolation-tester/canary.ts';
       const { policy, devices, truck } = JSON.parse(process.argv[2]);
       withCanaries(policy, devices, () => { console.log('ready'); setInterval(() => {}, 1000); return new Promise(() => {}); }, { truck });`,
    );
    const bundle = join(directory, 'wait.cjs');
    const esbuild = [join(ROOT, 'node_modules/.bin/esbuild'), script, `--outfile=${bundle}`, '--bundle'];
    await run([...esbuild, '--platform=node', '--external:koffi', '--log-level=warning']);
    const victim = spawn(process.execPath, [bundle, JSON.stringify({ policy, devices, truck })], {
      env: { ...process.env, NODE_PATH: join(ROOT, 'node_modules') },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(victim.stdout, 'data');
    expect(await ports()).toEqual(segments.map(portOf));
    victim.kill('SIGKILL');
    await once(victim, 'exit');
    expect(await withCanaries(policy, devices, reachRouter, { truck })).toEqual(reached);
    await until(async () => (await ports()).length === 0);
  } finally {
    await rm(directory, { recursive: true });
  }
});
