import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type MqttClient } from 'mqtt';
import { Greengrass } from '../../../../lib/lab/greengrass/greengrass.ts';
import { bundle } from '../../../components/bundle.ts';
import { until } from '../../../components/host/until.ts';
import { credentials, type TestCloud, testCloud } from '../cloud/support.ts';
import { TestTruck } from './truck.ts';

/** The program as it runs on the truck, against the lab's own cloud. */
jest.setTimeout(180_000);
let cloud: TestCloud;
let directory: string;
let greengrass: Greengrass;
let operator: MqttClient;
let store: TestTruck;
const heard: { topic: string; message: Record<string, unknown> }[] = [];

beforeAll(async () => {
  cloud = await testCloud();
  store = new TestTruck();
  directory = mkdtempSync(join(tmpdir(), 'fb-gg-'));
  const program = join(directory, 'greengrass.cjs');
  bundle("import './lib/lab/greengrass/process.ts';", program);
  const { endpoint } = cloud.cloud;
  greengrass = new Greengrass({
    ...{ directory: join(directory, 'd'), program, thing: 'truck-1', endpoint, errorResetSeconds: 0 },
    credentials: await cloud.cloud.issue('truck-1'),
  });
  await greengrass.start();
  const { ca, cert, key } = (await credentials(cloud.cloud)) as { ca: Buffer; cert: Buffer; key: Buffer };
  operator = connect({
    protocol: 'mqtts',
    host: endpoint.host,
    port: endpoint.mqtt,
    ca,
    cert,
    key,
    reconnectPeriod: 200,
  });
  operator.on('message', (topic, payload) => heard.push({ topic, message: JSON.parse(payload.toString()) }));
  await until('the operator is connected', () => operator.connected);
  await operator.subscribeAsync(['$aws/things/truck-1/shadow/name/network/update/documents'], { qos: 1 });
});
afterAll(async () => {
  await operator?.endAsync(true);
  await greengrass?.stop();
  await cloud?.end();
  await store?.end();
  rmSync(directory, { recursive: true, force: true });
});

const shadow = () => {
  const { current } = (heard.at(-1)?.message ?? {}) as { current?: { state?: unknown } };
  return current?.state;
};
const desire = (state: object) =>
  operator.publishAsync(
    '$aws/things/truck-1/shadow/name/network/update',
    JSON.stringify({ state: { desired: state } }),
    { qos: 1 },
  );
const pids = () => {
  const path = join(directory, 'd/v2/work/app/pids');
  return existsSync(path) ? readFileSync(path, 'utf8').trim().split('\n').map(Number) : [];
};
const isAlive = (pid: number) => existsSync(`/proc/${pid}/root`) && readFileSync(`/proc/${pid}/cmdline`, 'utf8') !== '';

test('it connects with the thing’s certificate', async () => {
  await until('it is connected', async () => (await greengrass.status()).isConnected);
  expect(await greengrass.status()).toMatchObject({ thing: 'truck-1', deployment: null });
});

test('a component is deployed, and its lines are kept', async () => {
  store.component('app', '1.0.0', { run: 'echo "hello from {iot:thingName}"; echo $$ >>pids; exec sleep 600' });
  const synchronize = { coreThing: { classic: false, namedShadows: ['network'] } };
  const components = {
    app: { componentVersion: '1.0.0' },
    'aws.greengrass.ShadowManager': { componentVersion: '2.3.9', configurationUpdate: { merge: { synchronize } } },
  };
  expect(await greengrass.deploy({ components }, store.store)).toMatchObject({ status: 'SUCCEEDED' });
  await until('it runs', () => pids().length === 1);
  expect((await greengrass.status()).components).toContainEqual({ name: 'app', version: '1.0.0', state: 'RUNNING' });
  expect(await greengrass.logs('app')).toMatch(/stdout: hello from truck-1/);
});

test('a deployment that is refused is told', async () => {
  const outcome = await greengrass.deploy({ components: { app: { componentVersion: '2.0.0' } } }, store.store);
  expect(outcome).toMatchObject({ status: 'FAILED', detailedStatus: 'FAILED_NO_STATE_CHANGE' });
});

test('what an operator desires gets to the truck, also after the broker was killed', async () => {
  await desire({ policy: 1 });
  await until('it is in the cloud', () => JSON.stringify(shadow()) === '{"desired":{"policy":1}}');
  await cloud.cloud.kill();
  await until('the truck notices', async () => !(await greengrass.status()).isConnected);
  await cloud.cloud.start();
  await until('the truck is connected', async () => (await greengrass.status()).isConnected, 60_000);
  await until('the operator is connected', () => operator.connected);
  await operator.subscribeAsync(['$aws/things/truck-1/shadow/name/network/update/documents'], { qos: 1 });
  await desire({ policy: 2 });
  const file = join(directory, 'd/v2/shadows/truck-1@network.json');
  await until(
    'it is on the truck',
    () => existsSync(file) && JSON.parse(readFileSync(file, 'utf8')).entry.shadow?.state?.desired?.policy === 2,
    60_000,
  );
});

test('after kill -9 it starts again what was deployed, and nothing runs twice', async () => {
  const [first] = pids();
  await greengrass.kill();
  expect(isAlive(first ?? 0)).toBe(true);
  await greengrass.start();
  await until('the component runs again', () => pids().length === 2);
  expect([isAlive(first ?? 0), isAlive(pids()[1] ?? 0)]).toEqual([false, true]);
  expect((await greengrass.status()).components).toContainEqual({ name: 'app', version: '1.0.0', state: 'RUNNING' });
});

test('killed at random moments, it always comes back with one of each', async () => {
  for (let round = 0; round < 4; round++) {
    await greengrass.start();
    if (round % 2 === 0) await desire({ policy: 10 + round });
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 300));
    await greengrass.kill();
  }
  await greengrass.start();
  await until('one is left', () => pids().filter(isAlive).length === 1);
  await until('it is connected', async () => (await greengrass.status()).isConnected, 60_000);
});

test('killed in the middle of a deployment, it has the old or the new version, and a second attempt succeeds', async () => {
  for (const version of ['1.1.0', '1.2.0']) {
    store.component('app', version, { run: 'echo $$ >>pids; exec sleep 600' });
    const document = { components: { app: { componentVersion: version } } };
    const deploying = greengrass.deploy(document, store.store).catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, 300 + Math.random() * 400));
    await greengrass.kill();
    await deploying;
    await greengrass.start();
    expect(await greengrass.deploy(document, store.store)).toMatchObject({ status: 'SUCCEEDED' });
    expect((await greengrass.status()).components).toContainEqual({ name: 'app', version, state: 'RUNNING' });
    await until('one is left', () => pids().filter(isAlive).length === 1);
  }
});

test('stopped, nothing of it is left, and a second stop does nothing', async () => {
  await greengrass.stop();
  expect(pids().filter(isAlive)).toEqual([]);
  await greengrass.stop();
  await expect(greengrass.status()).rejects.toThrow(/no Greengrass runs/);
});
