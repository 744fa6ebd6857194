import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { networkManagerAccess } from '../../../../lib/shadow/index.ts';
import { EXAMPLES } from '../../../lib/truck/support.ts';
import { bundle, NATIVE } from '../../bundle.ts';
import { FakeEngine } from '../../host/fake-engine.ts';
import { ComponentNucleus, THING } from '../../host/ipc/nucleus.ts';
import { until } from '../../host/until.ts';

/** The network manager as a process, with a real nucleus socket, in a network namespace of its own: a bare truck whose Docker is empty. */
jest.setTimeout(60_000);

const COMPONENT = 'network-manager';
const directory = mkdtempSync(join(tmpdir(), 'firebreak-agent-'));
const archive = join(directory, 'router.tar');
let nucleus: ComponentNucleus;
let engine: FakeEngine;
let agent: ChildProcess;
let log = '';

beforeAll(() => {
  bundle("import './components/network-manager/main.ts';", join(directory, 'main.js'));
  bundle("import './components/network-manager/worker.ts';", join(directory, 'worker.js'));
  mkdirSync(join(directory, 'archive'));
  writeFileSync(join(directory, 'archive', 'manifest.json'), '[{"RepoTags": ["firebreak-router:0123456789ab"]}]');
  execFileSync('tar', ['-cf', archive, '-C', join(directory, 'archive'), 'manifest.json']);
});
afterAll(() => rmSync(directory, { recursive: true }));

beforeEach(async () => {
  const empty = (answer: { end(text: string): void }) => answer.end('[]');
  engine = await FakeEngine.make('24', {
    'GET /networks': empty,
    'GET /containers/json': empty,
    'GET /events': (answer) => void answer.writeHead(200).flushHeaders(),
  });
  await engine.start();
  nucleus = new ComponentNucleus(COMPONENT, networkManagerAccess(THING));
  await nucleus.begin();
  log = '';
});
afterEach(async () => {
  if (agent.exitCode === null && agent.signalCode === null) {
    agent.kill('SIGKILL');
    await once(agent, 'exit');
  }
  await nucleus.end();
  await engine.remove();
});

function begin(): void {
  agent = spawn('unshare', ['--net', process.execPath, join(directory, 'main.js')], {
    env: {
      ...process.env,
      ...NATIVE,
      AWS_GG_NUCLEUS_DOMAIN_SOCKET_FILEPATH_FOR_COMPONENT: nucleus.nucleus.socket,
      SVCUID: `token-${COMPONENT}`,
      AWS_IOT_THING_NAME: THING,
      DOCKER_HOST: engine.host,
      FIREBREAK_STATE: join(directory, 'state'),
      FIREBREAK_ROUTER_IMAGE: archive,
      FIREBREAK_VERSION: '1.2.3',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  for (const stream of [agent.stdout, agent.stderr]) stream?.on('data', (chunk: Buffer) => (log += chunk.toString()));
}

const reported = () => nucleus.shadow('network').reported;
const untilReported = async (status: string, deadlineMs = 40_000) => {
  try {
    await until(`${status} is reported`, () => reported()?.status === status, deadlineMs);
  } catch (error) {
    throw new Error(`${String(error)}\n${log}`);
  }
};
const BAD = { policy: { version: 1, sequence: 1, segments: { cab: { vlan: 'two', subnet: '10.0.0.0/24' } } } };

test('a truck without a policy is well; a bad wish is refused with its path, another truck’s too, and SIGTERM ends it', async () => {
  begin();
  await untilReported('no-policy');
  await until('it is healthy', () => nucleus.states.includes('RUNNING'));
  const smaps = readFileSync(`/proc/${agent.pid}/smaps_rollup`, 'utf8');
  const kilobytes = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(smaps)?.[1]);
  process.stderr.write(`      network manager: RSS ${kilobytes('Rss')} kB, private ${kilobytes('Private_Dirty')} kB\n`);

  await nucleus.desire('network', BAD);
  await untilReported('refused');
  const { problems } = reported() as { readonly problems: readonly { readonly path: string }[] };
  expect(problems.map(({ path }) => path)).toContain('desired.policy.segments.cab.vlan');
  expect(reported()).toMatchObject({ agent: '1.2.3', desired: { id: expect.stringMatching(/^[0-9a-f]{12}$/) } });

  await nucleus.desire('network', { thing: 'another-truck' });
  await until('the other truck is named', () => JSON.stringify(reported()).includes('this truck is \\"truck-1\\"'));
  expect(await nucleus.updates.announce('d1', 5000)).toEqual([{ component: COMPONENT, recheckAfterMs: 0 }]);

  agent.kill('SIGTERM');
  const [code] = await once(agent, 'exit');
  expect([code, log.includes('"event":"error"')]).toEqual([0, false]);
});

test('a nucleus that restarts is spoken to again, and a wish of meanwhile is heard', async () => {
  begin();
  await untilReported('no-policy');
  await nucleus.stop();
  await nucleus.desire('network', BAD);
  await nucleus.begin();
  await untilReported('refused');
});

test('a policy that the truck can’t have is tried, fails, and leaves what was built closed; that is reported', async () => {
  begin();
  await untilReported('no-policy');
  const policy = readFileSync(join(EXAMPLES, 'article.yaml'), 'utf8');
  const { parse } = await import('yaml');
  await nucleus.desire('network', { policy: parse(policy) });
  await until('it has failed', () => ['failed', 'refused'].includes(String(reported()?.status)), 40_000);
  expect(reported()).toMatchObject({ why: expect.stringMatching(/enp2s0/) });
});

test('the guard’s program ends well when nothing waits any longer', async () => {
  const guard = spawn(process.execPath, [join(directory, 'worker.js'), 'guard'], {
    env: {
      ...process.env,
      ...NATIVE,
      FIREBREAK_STATE: join(directory, 'nothing'),
      FIREBREAK_ROUTER_IMAGE: archive,
    },
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  guard.stdin?.end(JSON.stringify({ boot: 'another', uptimeMs: 1 }));
  expect(await once(guard, 'exit')).toEqual([0, null]);
});
