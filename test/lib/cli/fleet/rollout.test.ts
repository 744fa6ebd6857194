import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateDeploymentCommand, GetDeploymentCommand, GreengrassV2Client } from '@aws-sdk/client-greengrassv2';
import { changeLines, nextComponents, ownVersions } from '../../../../lib/cli/fleet/rollout/components.ts';
import { objections, stageOf } from '../../../../lib/cli/fleet/rollout/stage.ts';
import { type Ring, ringGroup } from '../../../../lib/fleet/names.ts';
import { groupArn } from '../../../../lib/lab/cloud/account/groups.ts';
import { abortBy, type ExecutionStatus } from '../../../../lib/lab/cloud/account/jobs/abort.ts';
import { reportExecution } from '../../../../lib/lab/cloud/account/jobs/executions.ts';
import { until } from '../../../components/host/until.ts';
import { Endpoint, useLabCredentials } from '../../lab/cloud/account/endpoint.ts';
import { firebreak } from '../support.ts';

/** `fleet rollout …` by AWS's own clients against the lab's account. */
jest.setTimeout(120_000);
useLabCredentials();

const directory = mkdtempSync(join(tmpdir(), 'firebreak-rollout-'));
afterAll(() => rmSync(directory, { recursive: true }));
let endpoint: Endpoint;
let greengrass: GreengrassV2Client;
beforeEach(async () => {
  endpoint = await Endpoint.start();
  greengrass = new GreengrassV2Client({ endpoint: endpoint.url });
});
afterEach(async () => {
  greengrass.destroy();
  await endpoint.end();
});
const rollout = (...words: readonly string[]) => firebreak('fleet', 'rollout', ...words, '--endpoint', endpoint.url);

const NUCLEUS = { componentVersion: '2.14.0', configurationUpdate: { merge: '{}' } };
const COMPONENTS = {
  'aws.greengrass.Nucleus': NUCLEUS,
  'com.firebreak.Router': { componentVersion: '1.1.1' },
  'com.firebreak.NetworkManager': { componentVersion: '1.1.1', configurationUpdate: { merge: '{"policy":{}}' } },
};
const ABORT = {
  failureType: 'FAILED',
  action: 'CANCEL',
  thresholdPercentage: 50,
  minNumberOfExecutedThings: 2,
} as const;

/** As the fleet's stacks do. */
async function deployed(
  ring: Ring,
  components: Readonly<Record<string, { readonly componentVersion: string }>> = COMPONENTS,
): Promise<string> {
  const { deploymentId = '' } = await greengrass.send(
    new CreateDeploymentCommand({
      ...{ targetArn: groupArn(ringGroup('lab', ring)), deploymentName: `ring ${ring}`, components },
      iotJobConfiguration: { abortConfig: { criteriaList: [ABORT] } },
      deploymentPolicies: { failureHandlingPolicy: 'ROLLBACK' },
    }),
  );
  return deploymentId;
}
const get = (deploymentId: string) => greengrass.send(new GetDeploymentCommand({ deploymentId }));
/** A truck says how it gets on. */
function truckSays(deployment: string, thing: string, status: ExecutionStatus): void {
  const job = endpoint.account.jobs.get(deployment);
  if (job === undefined) throw new Error(`there is no job ${deployment}`);
  reportExecution(job, endpoint.account, thing, status, Date.now());
}
const trucks = async (ring: Ring, ...names: readonly string[]) => {
  for (const name of names) await endpoint.truck(name, ring, { isolation: { verdict: 'isolated' } });
};
function built(version: string): string {
  const file = join(directory, `components-${version}.json`);
  const names = ['com.firebreak.Router', 'com.firebreak.NetworkManager'];
  writeFileSync(file, JSON.stringify(names.map((name) => ({ name, version, recipe: '', artifacts: [] }))));
  return file;
}

describe('start', () => {
  test('changes the versions of Firebreak’s components, and nothing else of the ring’s deployment', async () => {
    const before = await deployed('canary');
    const { exitCode, stdout, stderr } = await rollout(
      'start',
      '--ring',
      'canary',
      '--components',
      built('2.0.0'),
      '--yes',
      '--json',
    );
    expect(exitCode).toBe(0);
    expect(stderr).toContain('com.firebreak.Router: 1.1.1 → 2.0.0');
    const { deployment } = JSON.parse(stdout);
    expect(await get(deployment)).toMatchObject({
      ...{ deploymentName: 'ring canary', deploymentStatus: 'ACTIVE', revisionId: '2', isLatestForTarget: true },
      components: {
        'aws.greengrass.Nucleus': NUCLEUS,
        'com.firebreak.Router': { componentVersion: '2.0.0' },
        'com.firebreak.NetworkManager': { componentVersion: '2.0.0', configurationUpdate: { merge: '{"policy":{}}' } },
      },
      iotJobConfiguration: { abortConfig: { criteriaList: [ABORT] } },
      deploymentPolicies: { failureHandlingPolicy: 'ROLLBACK' },
    });
    expect(await get(before)).toMatchObject({ deploymentStatus: 'INACTIVE' });
  });

  test('of what the ring has already does nothing', async () => {
    const before = await deployed('canary');
    const { exitCode, stdout } = await rollout(
      'start',
      '--ring',
      'canary',
      '--components',
      built('1.1.1'),
      '--yes',
      '--json',
    );
    expect([exitCode, JSON.parse(stdout)]).toMatchObject([0, { started: false, deployment: before }]);
  });

  test('goes from ring to ring only when the first has proved it', async () => {
    await trucks('canary', 'truck-1', 'truck-2');
    await trucks('early', 'truck-3');
    const first = await deployed('canary', { ...COMPONENTS, 'com.firebreak.Router': { componentVersion: '3.0.0' } });
    await deployed('early');
    const promote = (...words: readonly string[]) =>
      rollout('start', '--ring', 'early', '--from', 'canary', '--yes', ...words);
    truckSays(first, 'truck-1', 'SUCCEEDED');
    expect(await promote()).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('1 of its trucks are not done yet'),
    });
    truckSays(first, 'truck-2', 'SUCCEEDED');
    await endpoint.shadow('truck-2', 'isolation', { reported: { verdict: 'breached' } });
    expect(await promote()).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('1 of its trucks are not proved isolated'),
    });
    await endpoint.shadow('truck-2', 'isolation', { reported: { verdict: 'isolated' } });
    const { exitCode, stdout } = await promote('--json');
    expect(exitCode).toBe(0);
    expect((await get(JSON.parse(stdout).deployment)).components).toMatchObject({
      'com.firebreak.Router': { componentVersion: '3.0.0' },
    });
  });

  test('goes back to what an earlier deployment brought', async () => {
    const before = await deployed('canary');
    await rollout('start', '--ring', 'canary', '--components', built('2.0.0'), '--yes');
    const { exitCode, stdout } = await rollout('start', '--ring', 'canary', '--deployment', before, '--yes', '--json');
    expect(exitCode).toBe(0);
    expect((await get(JSON.parse(stdout).deployment)).components).toEqual(COMPONENTS);
  });

  test.each([
    ['a ring without a deployment', ['--components', 'X'], 1, 'has had no deployment'],
    ['no source', [], 2, 'which components?'],
    ['a deployment that there isn’t', ['--deployment', 'nothing'], 1, 'not found'],
  ])('with %s is refused', async (_what, words, exitCode, why) => {
    const given = words.map((word) => (word === 'X' ? built('2.0.0') : word));
    const ended = await rollout('start', '--ring', 'canary', ...given, '--yes');
    expect(ended).toMatchObject({ exitCode, stderr: expect.stringContaining(why) });
  });

  test('with a file that is no build’s is refused, and nothing asked of the cloud', async () => {
    const file = join(directory, 'wrong.json');
    writeFileSync(file, '{"name":1}');
    const ended = await rollout('start', '--ring', 'canary', '--components', file, '--yes');
    expect(ended).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('is no components.json') });
    expect(endpoint.requests).toEqual([]);
  });
});

describe('watch', () => {
  test('ends with 0 as soon as all trucks have it, and says how far it is meanwhile', async () => {
    await trucks('canary', 'truck-1', 'truck-2');
    const id = await deployed('canary');
    const watching = rollout('watch', '--ring', 'canary', '--every', '0');
    await until('it was looked', () => endpoint.asked('/jobs/').length > 0);
    truckSays(id, 'truck-1', 'SUCCEEDED');
    await until('it was looked again', () => endpoint.asked('/jobs/').length > 2);
    truckSays(id, 'truck-2', 'SUCCEEDED');
    const { exitCode, stdout, stderr } = await watching;
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: expect.stringContaining('2 of 2 trucks have it') });
    expect(stderr).toContain('0 of 2 trucks have it: 2 queued');
  });

  test('ends with 1 when the rollout gave itself up, and names the trucks that failed', async () => {
    await trucks('canary', 'truck-1', 'truck-2', 'truck-3', 'truck-4');
    const id = await deployed('canary');
    truckSays(id, 'truck-1', 'SUCCEEDED');
    truckSays(id, 'truck-2', 'FAILED');
    const { exitCode, stdout } = await rollout('watch', '--ring', 'canary', '--every', '0', '--json');
    expect(exitCode).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      ...{ stage: 'cancelled', failed: [{ thing: 'truck-2', status: 'FAILED' }] },
      counts: { succeeded: 1, failed: 1, cancelled: 2, queued: 0, reason: 'ABORT_THRESHOLD_EXCEEDED' },
    });
  });

  test('ends with 1 when trucks failed, but not enough to give it up', async () => {
    await trucks('canary', 'truck-1', 'truck-2', 'truck-3');
    const id = await deployed('canary');
    truckSays(id, 'truck-1', 'SUCCEEDED');
    truckSays(id, 'truck-2', 'SUCCEEDED');
    truckSays(id, 'truck-3', 'TIMED_OUT');
    const { exitCode, stderr } = await rollout('watch', '--ring', 'canary', '--timeout', '0');
    expect({ exitCode, stderr }).toEqual({
      exitCode: 1,
      stderr: expect.stringMatching(/is failed: 2 of 3.*\n {2}truck-3: timed out/),
    });
  });

  test('after its time says how far it is, and ends with 1', async () => {
    await trucks('canary', 'truck-1');
    await deployed('canary');
    const { exitCode, stdout } = await rollout('watch', '--ring', 'canary', '--timeout', '0', '--json');
    expect([exitCode, JSON.parse(stdout).stage]).toEqual([1, 'running']);
  });
});

describe('abort', () => {
  test('lets no further truck begin', async () => {
    await trucks('canary', 'truck-1', 'truck-2', 'truck-3');
    const id = await deployed('canary');
    truckSays(id, 'truck-1', 'IN_PROGRESS');
    const { exitCode, stdout } = await rollout('abort', '--ring', 'canary', '--yes', '--json');
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      deployment: id,
      counts: { isCancelled: true, cancelled: 2, inProgress: 1 },
    });
    expect(await get(id)).toMatchObject({ deploymentStatus: 'CANCELED' });
    expect((await rollout('abort', '--ring', 'canary', '--yes')).stderr).toContain('is cancelled already');
  });
});

test('a truck that joins the ring later gets its deployment, too', async () => {
  const id = await deployed('canary');
  await trucks('canary', 'truck-9');
  const { stdout } = await rollout('watch', '--ring', 'canary', '--timeout', '0', '--json');
  expect(JSON.parse(stdout)).toMatchObject({ deployment: id, counts: { queued: 1 } });
});

test('others’ components stay, Firebreak’s own that are no more go', () => {
  const current = { ...COMPONENTS, 'com.firebreak.Old': { componentVersion: '1.0.0' } };
  const next = nextComponents(current, { 'com.firebreak.Router': '2.0.0' });
  expect(Object.keys(next)).toEqual(['aws.greengrass.Nucleus', 'com.firebreak.Router']);
  expect(ownVersions(next)).toEqual({ 'com.firebreak.Router': '2.0.0' });
  expect(changeLines(current, next)).toEqual([
    'com.firebreak.NetworkManager: 1.1.1 → none',
    'com.firebreak.Old: 1.0.0 → none',
    'com.firebreak.Router: 1.1.1 → 2.0.0',
  ]);
});

const NONE = {
  isCancelled: false,
  queued: 0,
  inProgress: 0,
  succeeded: 0,
  failed: 0,
  timedOut: 0,
  rejected: 0,
  cancelled: 0,
};
test.each([
  ['nobody waits', 'ACTIVE', { succeeded: 3 }, 'done', []],
  ['somebody waits', 'ACTIVE', { succeeded: 3, queued: 1 }, 'running', ['1 of its trucks are not done yet']],
  [
    'somebody failed and others wait',
    'ACTIVE',
    { failed: 1, inProgress: 1 },
    'running',
    ['1 of its trucks are not done yet', 'it failed on 1 of its trucks', 'none of its trucks has it'],
  ],
  ['somebody failed', 'ACTIVE', { succeeded: 3, rejected: 1 }, 'failed', ['it failed on 1 of its trucks']],
  ['it was cancelled', 'CANCELED', { succeeded: 3, isCancelled: true }, 'cancelled', ['its rollout was cancelled']],
  ['another came after', 'INACTIVE', { succeeded: 3 }, 'cancelled', ['its rollout was cancelled']],
  ['there are no trucks', 'ACTIVE', {}, 'done', ['none of its trucks has it']],
])('when %s', (_when, status, counts, stage, against) => {
  const all = { ...NONE, ...counts };
  expect(stageOf({ status }, all)).toBe(stage);
  expect(objections({ id: '', jobId: '', status, components: {}, settings: {} }, all, 0)).toEqual(against);
});

test.each([
  ['too few have it', { SUCCEEDED: 0, FAILED: 1 }, false],
  ['half of enough failed', { SUCCEEDED: 1, FAILED: 1 }, true],
  ['less than half failed', { SUCCEEDED: 3, FAILED: 2 }, false],
  ['others’ failures don’t count', { SUCCEEDED: 1, REJECTED: 3 }, false],
  ['what is under way doesn’t count', { IN_PROGRESS: 9, FAILED: 2 }, true],
])('a rollout is given up by its criterion: %s', (_what, given, isMet) => {
  const zero = {
    QUEUED: 0,
    IN_PROGRESS: 0,
    SUCCEEDED: 0,
    FAILED: 0,
    TIMED_OUT: 0,
    REJECTED: 0,
    REMOVED: 0,
    CANCELED: 0,
  };
  expect(abortBy([ABORT], { ...zero, ...given }) !== null).toBe(isMet);
});
