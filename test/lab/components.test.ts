import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { execa } from 'execa';
import { parse } from 'yaml';
import { deployComponents } from '../../lib/lab/deploy-components.ts';
import type { Greengrass } from '../../lib/lab/greengrass/greengrass.ts';
import type { Lab } from '../../lib/lab/lab.ts';
import { SHADOWS, type ShadowName } from '../../lib/shadow/names.ts';
import type { Matrix } from '../../lib/truck/judge.ts';
import { example, openLab, ROOT } from './support.ts';

/**
 * The components as they are shipped, on the lab's truck: its shadow says what it shall be, and what was measured comes back by it. The operator
 * is mosquitto's own client, with a certificate of the lab's cloud.
 */
jest.setTimeout(900_000);

const THING = 'truck';
const LAB = process.env.FIREBREAK_TEST_LAB ?? '';
const ARTICLE = parse(example('article.yaml')) as Readonly<Record<string, unknown>>;
/** What a truck is of which nothing is desired: it has its way to the cloud. */
const BASELINE = {
  ...{ version: 1, trunk: ARTICLE.trunk, host: { internet: true }, uplinks: ARTICLE.uplinks },
  segments: { service: { vlan: 900, subnet: '10.90.0.0/24', router: '10.90.0.1' } },
};
/** Milliseconds. Under software emulation a change of policy, its two matrices included, takes a minute. */
const SETTLED_WITHIN = 400_000;

interface Shadow {
  readonly state: {
    readonly desired?: Readonly<Record<string, unknown>>;
    readonly reported?: Readonly<Record<string, unknown>> & {
      readonly status?: string;
      readonly verdict?: string;
      readonly revision?: { readonly id: string };
      readonly why?: string;
    };
  };
}

let lab: Lab;
let greengrass: Greengrass;

beforeAll(async () => {
  lab = await openLab();
  await lab.plug(example('article.yaml'));
  await lab.firebreak(['down']);
  await lab.cloud.start();
  // A lab that stands may have them of an earlier run.
  for (const name of SHADOWS) await lab.exec('internet', mosquitto('pub', '-t', topic(name, 'delete'), '-n'));
  greengrass = await lab.greengrass(THING);
  await greengrass.stop();
  await lab.machine.run(['rm', '-rf', `${lab.directory}/greengrass`]);
  await greengrass.start();
});
afterAll(async () => {
  await greengrass?.stop();
  await lab?.cloud.stop();
});

function mosquitto(program: 'pub' | 'rr' | 'sub', ...options: readonly string[]): readonly string[] {
  const { host, mqtt } = lab.cloud.endpoint;
  const { ca, certificate, key } = lab.cloud.operator;
  const to = ['-h', host, '-p', String(mqtt), '--cafile', ca, '--cert', certificate, '--key', key];
  return [`mosquitto_${program}`, ...to, '-V', 'mqttv5', '-q', '1', ...options];
}

const topic = (shadow: ShadowName, operation: string) => `$aws/things/${THING}/shadow/name/${shadow}/${operation}`;

/** null: the cloud has none yet. */
async function shadow(name: ShadowName): Promise<Shadow | null> {
  const ask = mosquitto('rr', '-t', topic(name, 'get'), '-e', topic(name, 'get/accepted'), '-n', '-W', '5');
  const { stdout } = await lab.exec('internet', ask, { check: false });
  return stdout.trim() === '' ? null : (JSON.parse(stdout) as Shadow);
}

async function desire(desired: Readonly<Record<string, unknown>>): Promise<void> {
  const message = JSON.stringify({ state: { desired } });
  await lab.exec('internet', mosquitto('pub', '-t', topic('network', 'update'), '-s'), { input: message });
}

/** Asks until the shadow is as expected. @throws Error after the deadline, with the last one */
async function until(name: ShadowName, isSo: (reported: NonNullable<Shadow['state']['reported']>) => boolean) {
  const begun = performance.now();
  for (;;) {
    const found = (await shadow(name))?.state.reported;
    if (found !== undefined && isSo(found)) return found;
    if (performance.now() - begun > SETTLED_WITHIN) {
      const logs = await greengrass.logs('com.firebreak.NetworkManager');
      throw new Error(`${name} is ${JSON.stringify(found)}; the network manager said:\n${logs.slice(-4000)}`);
    }
    await pause(500);
  }
}

/** What was last desired is in force, and measured as isolated. */
async function appliedAndIsolated(before?: string) {
  const network = await until(
    'network',
    ({ status, revision }) => status === 'applied' && revision !== undefined && revision.id !== before,
  );
  const id = network.revision?.id ?? '';
  const isolation = await until('isolation', ({ revision, verdict }) => revision?.id === id && verdict !== undefined);
  expect([isolation.verdict, isolation.failing]).toEqual(['isolated', undefined]);
  return id;
}

/** In `desired` of the shadow; whoever closes a flow has to say so, because a shadow is merged. */
const flows = (flows: Readonly<Record<string, unknown>> | null) => ({ policy: { flows } });

/** The rows of the matrix that came by the cloud, as `firebreak truck matrix` assembles it. */
async function rows(): Promise<Matrix['rows']> {
  const { stdout } = await execa(
    process.execPath,
    [join(ROOT, 'bin', 'firebreak'), 'truck', 'matrix', '--thing', THING, '--lab', LAB, '--json'],
    { reject: false, stderr: 'inherit' },
  );
  return (JSON.parse(stdout) as { readonly matrix: Matrix }).matrix.rows;
}

const verdictOf = (all: Matrix['rows'], id: string) => all.find(({ expectation }) => expectation.id === id)?.observed;

let revision: string;

test('deployed components make the truck what the baseline says, and report it to the cloud through its router', async () => {
  await deployComponents(greengrass, join(ROOT, 'build', 'components'), {
    policy: BASELINE,
    confirmWithinSeconds: 240,
  });
  const { revision: first } = await until('network', ({ status }) => status === 'applied');
  revision = first?.id ?? '';
  expect(revision).not.toBe('');
});

test('what a client that is not ours desires comes into force, and the article’s rows come back as promised', async () => {
  await desire({ policy: ARTICLE });
  revision = await appliedAndIsolated(revision);
  const all = await rows();
  expect(all).toHaveLength(28);
  expect(all.filter(({ outcome }) => outcome !== 'as-expected')).toEqual([]);
});

test('a flow is opened and closed by the shadow, and both are measured', async () => {
  const closed = await rows();
  const pair = 'container1>container2 icmp';
  expect(verdictOf(closed, pair)).toBe('dropped');
  await desire(flows({ 'one-to-two': { from: 'container1', to: 'container2', protocol: 'icmp' } }));
  const opened = await appliedAndIsolated(revision);
  expect(verdictOf(await rows(), pair)).toBe('reachable');
  await desire(flows(null));
  revision = await appliedAndIsolated(opened);
  expect(verdictOf(await rows(), pair)).toBe('dropped');
});

test('a policy that cuts the uplink is rolled back by itself, and why is reported', async () => {
  const uplinks = {
    wlan: { interface: 'wlp3s0f0', subnet: '192.168.77.0/24', address: '192.168.77.2', gateway: '192.168.77.1' },
  };
  await desire({ policy: { uplinks } });
  const told = await until('network', ({ status }) => status === 'rolled-back');
  expect(told.revision?.id).toBe(revision);
  expect(told.why).toMatch(/cloud|internet/);
  await desire({ policy: ARTICLE });
  await until('network', ({ status, revision: present }) => status === 'applied' && present?.id === revision);
});

test('what makes no sense is refused with field path and reason, and nothing is touched', async () => {
  await desire({ policy: { segments: { br0net: { vlan: 9999 } } } });
  const told = await until('network', ({ status }) => status === 'refused');
  expect(told.revision?.id).toBe(revision);
  expect(told.problems).toMatchObject([{ path: 'desired.policy.segments.br0net.vlan' }]);
});
