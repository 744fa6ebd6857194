import { join } from 'node:path';
import { parse } from 'yaml';
import type { BypassTest } from '../../components/isolation-tester/bypass-test.ts';
import { judgeFlood } from '../../lib/lab/flood/judge.ts';
import { LabFlood } from '../../lib/lab/flood/lab-flood.ts';
import type { Stream } from '../../lib/lab/flood/stream.ts';
import type { Lab } from '../../lib/lab/lab.ts';
import { routerMac } from '../../lib/truck/router-mac.ts';
import { policyOf } from '../lib/truck/support.ts';
import { flowing, shown } from './flooding.ts';
import { apply, bringUp, example, failures, matrix, openLab, ROOT } from './support.ts';

jest.setTimeout(600_000);

/**
 * Third parties' containers that the policy in force does not know, and no watch runs: what holds them is in the kernel. They are
 * measured by a policy that names them, which is never applied.
 */
const ARTICLE = example('article.yaml');
const CONTAINER2 = '10.0.2.4';

let lab: Lab;
const docker = (...argv: readonly string[]) => lab.exec('truck', ['docker', ...argv]);

/** Started by plain docker run. @returns the article's policy with it in br0net */
async function started(name: string, ...options: readonly string[]): Promise<string> {
  await docker('run', '--detach', '--name', name, '--network', 'br0net', ...options, 'alpine:3', 'sleep', '10000');
  const address = await asDocker(name, '{{.NetworkSettings.Networks.br0net.IPAddress}}');
  const document = parse(ARTICLE) as { readonly containers: object };
  return JSON.stringify({
    ...document,
    containers: { ...document.containers, [name]: { segment: 'br0net', address } },
  });
}

async function asDocker(container: string, format: string): Promise<string> {
  return (await docker('inspect', '--format', format, container)).stdout.trim();
}

beforeAll(async () => {
  lab = await openLab();
  await bringUp(lab, ARTICLE);
});

test('one started by plain docker run --network SEGMENT has what the segment has, and no more', async () => {
  const policy = await started('vendor-x');
  try {
    const measured = await matrix(lab, policy);
    const own = measured.rows.filter(({ expectation }) => [expectation.from, expectation.to].includes('vendor-x'));
    const reachable = own.filter(({ observed }) => observed === 'reachable').map(({ expectation }) => expectation.to);
    expect(failures(measured)).toEqual([]);
    // Its neighbours, the router, the internet; and what else there is was asked for.
    expect(reachable).toEqual(expect.arrayContaining(['container1', 'device1', 'router', 'internet']));
    expect(own.length).toBeGreaterThan(reachable.length);
  } finally {
    await docker('rm', '--force', 'vendor-x');
  }
});

describe('one with NET_ADMIN', () => {
  let policy: string;
  let flood: LabFlood;

  beforeAll(async () => {
    policy = await started('hostile', '--cap-add', 'NET_ADMIN');
    flood = await LabFlood.start(lab, join(ROOT, 'build'));
  });
  afterAll(async () => {
    await flood?.counts.end();
    await docker('rm', '--force', 'hostile');
    // Whoever was deceived learns anew.
    await apply(lab, ARTICLE);
  });

  /** With what a container may do by itself. */
  const asHostile = (script: string) => docker('exec', 'hostile', 'sh', '-ec', script);

  test('finds no way round, not even with forged frames and IPv6 addresses of its own', async () => {
    const { stdout, stderr } = await lab.firebreak(['bypasses', '-', '--json', '--disturb'], {
      input: policy,
      check: false,
    });
    if (stdout === '') throw new Error(stderr);
    const rows = (JSON.parse(stdout) as BypassTest).rows.filter(({ attempt }) => attempt.from === 'hostile');
    expect([...new Set(rows.map(({ attempt }) => attempt.kind))]).toEqual(
      expect.arrayContaining(['IPv6', 'tagged frames', 'spoofed sources', 'the router’s address taken']),
    );
    expect(rows.filter(({ verdict }) => verdict !== 'closed').map(({ attempt }) => attempt.id)).toEqual([]);
  });

  const GUISES: readonly (readonly [string, () => Promise<unknown>])[] = [
    [
      'a neighbour’s address and MAC address',
      async () => {
        const mac = await asDocker('container1', '{{.NetworkSettings.Networks.br0net.MacAddress}}');
        await asHostile(`ip addr flush dev eth0; ip link set eth0 address ${mac}; ip addr add 10.0.1.4/24 dev eth0`);
      },
    ],
    [
      'the router’s address and MAC address',
      () =>
        asHostile(
          `ip addr flush dev eth0; ip link set eth0 address ${routerMac({ router: '10.0.1.3' })}; ip addr add 10.0.1.3/24 dev eth0`,
        ),
    ],
    [
      'an address of the other segment, which it announces',
      () =>
        asHostile(
          `ip addr flush dev eth0; ip link set eth0 address 02:00:00:00:00:66; ip addr add ${CONTAINER2}/24 dev eth0; arping -U -c 3 -I eth0 ${CONTAINER2} || true`,
        ),
    ],
    [
      'a VLAN sub-interface in the other segment’s VLAN',
      () =>
        asHostile(
          'ip addr flush dev eth0; ip link add link eth0 name eth0.2 type vlan id 2; ip link set eth0.2 up; ip addr add 10.0.2.66/24 dev eth0.2',
        ),
    ],
  ];

  test.each(GUISES)('with %s reaches nothing across, and nobody there is deceived', async (what, disguise) => {
    await disguise();
    const known = policyOf(policy);
    const conversation = flood.streams([known]).filter(({ name }) => name === 'container2 pings device2');
    await flood.phase(what, [known], [...conversation, ...(await forged())]);
    await flowing(flood, [known]);
    const verdict = judgeFlood(await flood.counts.settle(), { [what]: [known] }, () => null);
    expect(shown(verdict)).toEqual({ forbidden: [], lost: [], inconclusive: [] });
    expect(verdict.due).toBeGreaterThan(0);
    await flood.counts.forget();
    const hostile = await docker('exec', 'hostile', 'cat', '/sys/class/net/eth0/address');
    const { stdout } = await lab.exec('device2', ['ip', 'neighbour', 'show']);
    expect(stdout).not.toContain(hostile.stdout.trim());
  });

  /** Frames to the other segment, to whoever might pass them on, from whoever might be believed. */
  async function forged(): Promise<readonly Stream[]> {
    const { stdout } = await lab.exec('truck', ['ip', '-j', 'link', 'show', 'dev', 'enp2s0']);
    const [trunk] = JSON.parse(stdout) as readonly { readonly address: string }[];
    const mac = await asDocker('container2', '{{.NetworkSettings.Networks.br1net.MacAddress}}');
    const macs = [mac, routerMac({ router: '10.0.1.3' }), trunk?.address ?? '', 'ff:ff:ff:ff:ff:ff'];
    return ['10.0.1.4', '10.0.1.3', '10.0.2.5', '10.0.2.66', '8.8.8.8', '192.0.2.1'].map((source) => ({
      ...{ name: `hostile as ${source}`, from: 'hostile', to: CONTAINER2, everyMs: 6 },
      packets: { kind: 'frames', source, macs, protocol: 'udp', port: 7007 },
    }));
  }
});
