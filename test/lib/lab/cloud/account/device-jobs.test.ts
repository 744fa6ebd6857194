import { CancelDeploymentCommand, CreateDeploymentCommand, GreengrassV2Client } from '@aws-sdk/client-greengrassv2';
import { ringGroup } from '../../../../../lib/fleet/names.ts';
import { groupArn } from '../../../../../lib/lab/cloud/account/groups.ts';
import { DeviceJobs } from '../../../../../lib/lab/cloud/account/jobs/device-jobs.ts';
import { parseJobsTopic } from '../../../../../lib/lab/cloud/account/jobs/topics.ts';
import type { JsonObject } from '../../../../../lib/lab/shadow/json.ts';
import { Endpoint, useLabCredentials } from './endpoint.ts';

/** IoT Jobs as devices see it, of deployments that AWS's own client made. */
useLabCredentials();

let endpoint: Endpoint;
let greengrass: GreengrassV2Client;
let jobs: DeviceJobs;
let now: number;
let published: { readonly topic: string; readonly payload: JsonObject }[];
beforeEach(async () => {
  endpoint = await Endpoint.start();
  greengrass = new GreengrassV2Client({ endpoint: endpoint.url });
  now = Date.now() + 1000;
  published = [];
  jobs = new DeviceJobs({
    ...{ account: endpoint.account, now: () => now, changed: () => Promise.resolve() },
    publish: (topic, payload) => void published.push({ topic, payload }),
  });
  for (const thing of ['truck-1', 'truck-2', 'truck-3']) await endpoint.truck(thing, 'canary');
});
afterEach(async () => {
  greengrass.destroy();
  await endpoint.end();
});

async function deployed(job: object = {}): Promise<string> {
  const { deploymentId = '' } = await greengrass.send(
    new CreateDeploymentCommand({
      targetArn: groupArn(ringGroup('lab', 'canary')),
      components: { 'com.firebreak.Router': { componentVersion: '2.0.0' } },
      iotJobConfiguration: job,
    }),
  );
  return deploymentId;
}
async function ask(thing: string, suffix: string, request: object = {}): Promise<JsonObject & { topic: string }> {
  const topic = `$aws/things/${thing}/jobs/${suffix}`;
  const parsed = parseJobsTopic(topic);
  if (parsed === null) throw new Error(`${topic} is no request`);
  await jobs.request(parsed, Buffer.from(JSON.stringify({ clientToken: 't', ...request })));
  const answer = published.find((message) => message.topic.startsWith(`${topic}/`));
  published = published.filter((message) => message !== answer);
  return { topic: answer?.topic.slice(topic.length + 1) ?? 'nothing', ...answer?.payload };
}
const told = () => published.splice(0).map(({ topic }) => topic.split('/')[2]);

test('a truck is told of its job, begins it and says how it ended', async () => {
  const id = await deployed();
  await jobs.advance();
  expect(published[0]).toMatchObject({
    topic: '$aws/things/truck-1/jobs/notify-next',
    payload: {
      execution: {
        ...{ jobId: id, status: 'QUEUED' },
        jobDocument: { deploymentId: id, components: { 'com.firebreak.Router': { componentVersion: '2.0.0' } } },
      },
    },
  });
  published = [];
  expect(await ask('truck-1', 'start-next')).toMatchObject({
    ...{ topic: 'accepted', clientToken: 't' },
    execution: { jobId: id, status: 'IN_PROGRESS' },
  });
  expect(await ask('truck-1', '$next/get')).toMatchObject({ execution: { jobId: id, status: 'IN_PROGRESS' } });
  expect(await ask('truck-1', `${id}/update`, { status: 'SUCCEEDED' })).toMatchObject({ topic: 'accepted' });
  // Nothing is left to do.
  expect(published).toMatchObject([{ topic: '$aws/things/truck-1/jobs/notify-next', payload: {} }]);
  expect((await ask('truck-1', '$next/get')).execution).toBeUndefined();
});

test('only so many trucks a minute are told', async () => {
  await deployed({ jobExecutionsRolloutConfig: { maximumPerMinute: 60 } });
  await jobs.advance();
  expect(told().length).toBeLessThanOrEqual(2);
  now += 5000;
  await jobs.advance();
  now += 5000;
  await jobs.advance();
  expect(endpoint.account.jobs.values().next().value?.notified.size).toBe(3);
});

test('who was not told yet has nothing to do', async () => {
  await deployed();
  expect((await ask('truck-1', 'start-next')).execution).toBeUndefined();
});

test('too many that fail end the job for those that wait', async () => {
  const criterion = { failureType: 'FAILED', action: 'CANCEL', thresholdPercentage: 50, minNumberOfExecutedThings: 2 };
  const id = await deployed({ abortConfig: { criteriaList: [criterion] } });
  await jobs.advance();
  for (const thing of ['truck-1', 'truck-2']) await ask(thing, `${id}/update`, { status: 'FAILED' });
  expect((await ask('truck-3', 'start-next')).execution).toBeUndefined();
  expect(await ask('truck-3', `${id}/update`, { status: 'SUCCEEDED' })).toMatchObject({
    ...{ topic: 'rejected', code: 'TerminalStateReached' },
  });
});

test('what is under way when a deployment is cancelled is let end', async () => {
  const id = await deployed();
  await jobs.advance();
  await ask('truck-1', 'start-next');
  await greengrass.send(new CancelDeploymentCommand({ deploymentId: id }));
  expect(await ask('truck-1', `${id}/update`, { status: 'SUCCEEDED' })).toMatchObject({ topic: 'accepted' });
  expect((await ask('truck-2', 'start-next')).execution).toBeUndefined();
});

test.each([
  ['a job that there isn’t', 'nobody/update', { status: 'SUCCEEDED' }, 'ResourceNotFound'],
  ['a status that there isn’t', 'nobody/update', { status: 'DONE' }, 'InvalidRequest'],
  ['a token that is none', 'start-next', { clientToken: 1 }, 'InvalidRequest'],
])('%s is rejected', async (_what, suffix, request, code) => {
  expect(await ask('truck-1', suffix, request)).toMatchObject({ topic: 'rejected', code });
});
