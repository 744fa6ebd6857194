import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Agent } from 'node:https';
import { join } from 'node:path';
import {
  AttachPolicyCommand,
  CreateKeysAndCertificateCommand,
  DescribeThingCommand,
  IoTClient,
  ListThingsCommand,
} from '@aws-sdk/client-iot';
import { IoTDataPlaneClient, PublishCommand, UpdateThingShadowCommand } from '@aws-sdk/client-iot-data-plane';
import { claimPolicyName, fleetGroup, ringGroup } from '../../../../../lib/fleet/names.ts';
import { ARCHIVE } from '../../../../../lib/lab/cloud/account/s3/archive.ts';
import { type Evidence, evidenceParts, evidenceTopic } from '../../../../../lib/shadow/index.ts';
import { judge } from '../../../../../lib/truck/judge.ts';
import { until } from '../../../../components/host/until.ts';
import { firebreak } from '../../../cli/support.ts';
import { credentials, type TestCloud, testCloud } from '../support.ts';
import { useLabCredentials } from './endpoint.ts';

/** The account in the cloud's own process: TLS, disk, certificates. */
jest.setTimeout(120_000);
useLabCredentials();

let run: TestCloud;
let iot: IoTClient;
let data: IoTDataPlaneClient;
beforeAll(async () => {
  run = await testCloud();
  const { ca } = await credentials(run.cloud);
  const settings = { endpoint: run.cloud.endpoint.https, requestHandler: { httpsAgent: new Agent({ ca }) } };
  iot = new IoTClient(settings);
  data = new IoTDataPlaneClient(settings);
  const state = { reported: { verdict: 'isolated', revision: { sequence: 1, hash: 'h', id: '1-h' } } };
  const payload = new TextEncoder().encode(JSON.stringify({ state }));
  await data.send(new UpdateThingShadowCommand({ thingName: 'truck-1', shadowName: 'isolation', payload }));
});
afterAll(async () => {
  iot?.destroy();
  data?.destroy();
  await run?.end();
});
const fleet = (...words: readonly string[]) =>
  firebreak('fleet', ...words, '--endpoint', run.cloud.endpoint.https, '--ca', run.cloud.operator.ca);

test('a truck that has a shadow is a thing of the fleet, in the first ring', async () => {
  expect(await iot.send(new DescribeThingCommand({ thingName: 'truck-1' }))).toMatchObject({ thingName: 'truck-1' });
  const { exitCode, stdout } = await fleet('status', '--json');
  expect(exitCode).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ trucks: 1, proved: 1, rings: [{ ring: 'canary', trucks: 1 }, {}, {}] });
});

test('a claim is a certificate of the cloud’s own authority, and may be given the claim’s policy', async () => {
  const made = await iot.send(new CreateKeysAndCertificateCommand({ setAsActive: true }));
  const { ca } = await credentials(run.cloud);
  const certificate = new X509Certificate(made.certificatePem ?? '');
  expect(certificate.verify(new X509Certificate(ca).publicKey)).toBe(true);
  expect(certificate.fingerprint256.replaceAll(':', '').toLowerCase()).toBe(made.certificateId);
  await iot.send(new AttachPolicyCommand({ policyName: claimPolicyName('lab'), target: made.certificateArn }));
});

test('evidence that is published is archived, and can be exported', async () => {
  const evidence: Evidence = {
    ...{ thing: 'truck-1', revision: { sequence: 1, hash: 'h', id: '1-h' }, at: new Date().toISOString() },
    ...{ matrix: judge([], []), vantages: [], durationMs: 1 },
  };
  const [part] = evidenceParts(evidence);
  await data.send(
    new PublishCommand({ topic: evidenceTopic('truck-1'), payload: Buffer.from(JSON.stringify(part)), qos: 1 }),
  );
  const out = join(run.directory, 'evidence.jsonl');
  const period = ['--from', new Date(Date.now() - 60_000).toISOString(), '--out', out];
  await until('it is archived', async () => (await fleet('evidence', '--bucket', ARCHIVE, ...period)).exitCode === 0);
  expect(JSON.parse(readFileSync(out, 'utf8'))).toEqual(evidence);
});

test('what was accepted is there after a kill', async () => {
  await fleet('policy', 'set', 'examples/article.yaml', '--group', ringGroup('lab', 'canary'), '--yes');
  await run.cloud.kill();
  await run.cloud.start();
  const { things = [] } = await iot.send(new ListThingsCommand({}));
  expect(things.map(({ thingName }) => thingName)).toEqual(['truck-1']);
  const { stdout } = await fleet(
    'policy',
    'set',
    'examples/article.yaml',
    '--group',
    fleetGroup('lab'),
    '--yes',
    '--json',
  );
  expect(JSON.parse(stdout)).toMatchObject({ trucks: 1, written: 0, done: 1 });
});

test('a thing’s certificate has no business in the account', async () => {
  const { ca, cert, key } = await credentials(run.cloud, 'truck-1');
  const agent = new Agent({ ca, cert, key });
  const asThing = new IoTClient({
    endpoint: run.cloud.endpoint.https,
    requestHandler: { httpsAgent: agent },
    maxAttempts: 1,
  });
  await expect(asThing.send(new ListThingsCommand({}))).rejects.toMatchObject({ $metadata: { httpStatusCode: 404 } });
  asThing.destroy();
});
