import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { writeCheckpoint } from '../../../../components/network-manager/checkpoint.ts';
import { assembleEvidence, evidenceTopic, isolationTesterAccess, readPart } from '../../../../lib/shadow/index.ts';
import { EXAMPLES, policyOf } from '../../../lib/truck/support.ts';
import { bundle, NATIVE } from '../../bundle.ts';
import { FakeEngine, json } from '../../host/fake-engine.ts';
import { ComponentNucleus, THING } from '../../host/ipc/nucleus.ts';
import { until } from '../../host/until.ts';

/** The isolation tester as a process, with a real nucleus socket, in a network namespace of its own: a truck on which nothing runs. */
jest.setTimeout(90_000);

const COMPONENT = 'isolation-tester';
const directory = mkdtempSync(join(tmpdir(), 'firebreak-tester-'));
const state = join(directory, 'state');
/** Without devices there is nobody whom a canary would stand in for. */
const { devices: _, flows: __, ...policy } = parse(readFileSync(join(EXAMPLES, 'article.yaml'), 'utf8'));
const DOCUMENT = JSON.stringify(policy);
let nucleus: ComponentNucleus;
let engine: FakeEngine;
let tester: ChildProcess;
let log = '';

beforeAll(() => {
  for (const name of ['main', 'worker'])
    bundle(`import './components/isolation-tester/${name}.ts';`, join(directory, `${name}.js`));
  mkdirSync(state);
});
afterAll(() => rmSync(directory, { recursive: true }));

beforeEach(async () => {
  const absent = json(404, { message: 'No such container' });
  const names = ['router', ...Object.keys(policy.containers)];
  engine = await FakeEngine.make(
    '24',
    Object.fromEntries(names.map((name) => [`GET /containers/${name}/json`, absent])),
  );
  await engine.start();
  nucleus = new ComponentNucleus(COMPONENT, isolationTesterAccess(THING));
  await nucleus.begin();
  tester = spawn('unshare', ['--net', process.execPath, join(directory, 'main.js')], {
    env: {
      ...process.env,
      ...NATIVE,
      AWS_GG_NUCLEUS_DOMAIN_SOCKET_FILEPATH_FOR_COMPONENT: nucleus.nucleus.socket,
      SVCUID: `token-${COMPONENT}`,
      AWS_IOT_THING_NAME: THING,
      DOCKER_HOST: engine.host,
      FIREBREAK_STATE: state,
      FIREBREAK_VERSION: '1.2.3',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  for (const stream of [tester.stdout, tester.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      log += chunk.toString();
    });
  }
});
afterEach(async () => {
  if (tester.exitCode === null && tester.signalCode === null) {
    tester.kill('SIGKILL');
    await once(tester, 'exit');
  }
  await nucleus.end();
  await engine.remove();
});

test('without a policy it is well; one that comes into force is measured at once, and what can’t be shown isn’t called isolated', async () => {
  await until('it is healthy', () => nucleus.states.includes('RUNNING'), 40_000);
  const smaps = readFileSync(`/proc/${tester.pid}/smaps_rollup`, 'utf8');
  const kilobytes = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(smaps)?.[1]);
  process.stderr.write(
    `      isolation tester: RSS ${kilobytes('Rss')} kB, private ${kilobytes('Private_Dirty')} kB\n`,
  );
  const { revision } = policyOf(DOCUMENT);
  await writeCheckpoint(join(state, 'checkpoint.json'), {
    good: { revision: revision.id, document: DOCUMENT },
    underway: null,
    links: [],
  });
  const reported = () => nucleus.shadow('isolation').reported;
  await until('it is reported', () => reported() !== undefined, 40_000).catch((error: unknown) => {
    throw new Error(`${String(error)}\n${log}`);
  });
  expect(reported()).toMatchObject({ revision: { id: revision.id }, verdict: 'inconclusive', agent: '1.2.3' });

  tester.kill('SIGTERM');
  const [code] = await once(tester, 'exit');
  expect(code).toBe(0);
  const parts = nucleus.cloud.published
    .filter(({ topic }) => topic === evidenceTopic(THING))
    .map(({ payload }) => readPart(Buffer.from(payload).toString()));
  const { evidence } = reported() as { readonly evidence?: { readonly sha256: string } };
  expect(parts.map(({ sha256 }) => sha256)).toEqual([evidence?.sha256]);
  const retained = nucleus.cloud.published
    .filter(({ topic }) => topic === evidenceTopic(THING))
    .map((one) => one.retain);
  expect(retained).toEqual([true]);
  expect(assembleEvidence(parts)).toMatchObject({ thing: THING, revision, matrix: { verdict: 'inconclusive' } });
});
