import { execa } from 'execa';
import { startCloud } from '../../../../lib/lab/cloud/cloud.ts';
import { TestClient } from './client.ts';
import { shadowTopics, type TestCloud, testCloud } from './support.ts';

/** The cloud as clients that aren't ours see it: MQTT.js, and mosquitto's. */
jest.setTimeout(60_000);

let run: TestCloud;
const clients: TestClient[] = [];
beforeAll(async () => {
  run = await testCloud();
});
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.end()));
});
afterAll(async () => {
  await run?.end();
});

async function connect(...[thing, options]: [string?, object?]): Promise<TestClient> {
  const client = await TestClient.connect(run.cloud, thing, options);
  clients.push(client);
  return client;
}

const now = () => Math.floor(Date.now() / 1000);

describe.each([4, 5])('MQTT, protocol level %s', (protocolVersion) => {
  const shadow = `level-${protocolVersion}`;
  const base = shadowTopics('truck-1', shadow);

  test('desired by the operator, delta at the truck, reported by the truck, documents and get at the operator', async () => {
    const operator = await connect(undefined, { protocolVersion });
    const truck = await connect('truck-1', { protocolVersion, clientId: 'truck-1' });
    await operator.subscribe(`${base}/update/accepted`, `${base}/update/documents`, `${base}/get/+`);
    await truck.subscribe(`${base}/update/accepted`, `${base}/update/delta`);

    const asked = now();
    await operator.publish(`${base}/update`, { state: { desired: { a: 1, b: [1, 2] } }, clientToken: 'one' });
    expect(await operator.next(`${base}/update/accepted`)).toEqual({
      state: { desired: { a: 1, b: [1, 2] } },
      metadata: { desired: { a: { timestamp: expect.any(Number) }, b: [expect.anything(), expect.anything()] } },
      version: 1,
      timestamp: expect.any(Number),
      clientToken: 'one',
    });
    const delta = await truck.next(`${base}/update/delta`);
    expect(delta).toMatchObject({ version: 1, state: { a: 1, b: [1, 2] }, clientToken: 'one' });
    expect(delta.timestamp).toBeGreaterThanOrEqual(asked);
    expect(delta.timestamp).toBeLessThanOrEqual(now());

    await truck.next(`${base}/update/accepted`);
    const accepted = await truck.ask(`${base}/update`, { state: { reported: { a: 1, b: [1, 2] } } }, 'accepted');
    expect(accepted).toMatchObject({ version: 2 });
    expect(await operator.next(`${base}/update/documents`)).not.toHaveProperty('previous');
    expect(await operator.next(`${base}/update/documents`)).toMatchObject({
      previous: { state: { desired: { a: 1 } }, version: 1 },
      current: { state: { desired: { a: 1 }, reported: { a: 1 } }, version: 2 },
    });
    const document = await operator.ask(`${base}/get`, '', 'accepted');
    expect(document).toMatchObject({ version: 2, state: { desired: { b: [1, 2] }, reported: { b: [1, 2] } } });
    expect(document).not.toHaveProperty('state.delta');
    // A delta would have come before the get was answered.
    expect(truck.heard.map(({ topic }) => topic)).not.toContain(`${base}/update/delta`);
  });

  test('what is wrong is rejected with AWS’s code and sentence', async () => {
    const truck = await connect('truck-1', { protocolVersion });
    const other = shadowTopics('truck-1', `${shadow}-wrong`);
    await truck.subscribe(`${other}/+/accepted`, `${other}/+/rejected`);
    expect(await truck.ask(`${other}/get`, { clientToken: 't' }, 'rejected')).toMatchObject({
      ...{ code: 404, message: `No shadow exists with name: ${shadow}-wrong`, clientToken: 't' },
      timestamp: expect.any(Number),
    });
    expect(await truck.ask(`${other}/delete`, '', 'rejected')).toMatchObject({ code: 404 });
    await truck.ask(`${other}/update`, { state: { reported: { a: 1 } } }, 'accepted');
    for (const [document, code, message] of [
      [{ state: { reported: { a: 2 } }, version: 7 }, 409, 'Version conflict'],
      ['{"state":', 400, 'Invalid JSON'],
      [{ reported: {} }, 400, 'Missing required node: state'],
      [{ state: { reported: { a: 'x'.repeat(8200) } } }, 413, 'The payload exceeds the maximum size allowed'],
      [{ state: { reported: { a: 'x'.repeat(100_000) } } }, 413, 'The payload exceeds the maximum size allowed'],
    ] as const) {
      expect(await truck.ask(`${other}/update`, document, 'rejected')).toMatchObject({ code, message });
    }
    expect(await truck.ask(`${other}/get`, '', 'accepted')).toMatchObject({
      version: 1,
      state: { reported: { a: 1 } },
    });
    expect(await truck.ask(`${other}/delete`, '', 'accepted')).toMatchObject({ version: 1 });
    expect(await truck.ask(`${other}/get`, '', 'rejected')).toMatchObject({ code: 404 });
    expect(await truck.ask(`${other}/update`, { state: { reported: {} } }, 'accepted')).toMatchObject({ version: 2 });
  });
});

test('the classic shadow is another one', async () => {
  const truck = await connect('truck-1');
  const base = '$aws/things/truck-1/shadow';
  await truck.subscribe(`${base}/+/accepted`, `${base}/+/rejected`);
  await truck.ask(`${base}/update`, { state: { reported: { classic: true } } }, 'accepted');
  expect(await truck.ask(`${base}/get`, '', 'accepted')).toMatchObject({ state: { reported: { classic: true } } });
});

test('a truck has its own topics only', async () => {
  const [own, others] = [shadowTopics('truck-1', 'mine'), shadowTopics('truck-2', 'mine')];
  const operator = await connect();
  const spy = await connect('truck-1');
  const victim = await connect('truck-2');
  await operator.subscribe('$aws/things/+/shadow/#', 'firebreak/#');
  await spy.subscribe('#', '$aws/#', `${others}/update/delta`, 'firebreak/#');
  await victim.subscribe(`${others}/update/delta`, 'firebreak/truck-2/orders');

  // The broker says so to those who speak MQTT 5 and does nothing; AWS ends the connection.
  const mqtt5 = await connect('truck-1', { protocolVersion: 5 });
  for (const topic of [`${others}/update`, `${own}/update/accepted`, 'firebreak/truck-2/orders', 'elsewhere']) {
    await expect(mqtt5.publish(topic, { state: { desired: { spied: true } } })).rejects.toThrow('Not authorized');
    await spy.publish(topic, { state: { desired: { spied: true } } });
  }
  await operator.publish(`${others}/update`, { state: { desired: { secret: 1 } } });
  await operator.publish('firebreak/truck-2/orders', { secret: 2 });
  expect(await victim.next(`${others}/update/delta`)).toMatchObject({ state: { secret: 1 } });
  expect(await victim.next('firebreak/truck-2/orders')).toEqual({ secret: 2 });

  // What is its own it hears, and that comes after all that was sent before.
  await operator.publish('firebreak/truck-1/orders', { own: 1 });
  await spy.publish('firebreak/truck-1/isolation/evidence', { own: 2 });
  await spy.next('firebreak/truck-1/orders');
  await spy.next('firebreak/truck-1/isolation/evidence');
  expect(spy.heard).toEqual([]);
  expect(await operator.next('firebreak/truck-1/isolation/evidence')).toEqual({ own: 2 });
  expect(JSON.stringify(operator.heard)).not.toContain('spied');
});

test('whoever has no certificate of this authority is not let in', async () => {
  const { host, mqtt: port } = run.cloud.endpoint;
  const directory = `${run.directory}/foreign`;
  const subject = ['-nodes', '-subj', '/CN=truck-1', '-keyout', `${directory}.key`, '-out', `${directory}.pem`];
  await execa('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', ...subject]);
  const publish = [
    '-h',
    host,
    '-p',
    String(port),
    '--cafile',
    run.cloud.operator.ca,
    '-t',
    'firebreak/truck-1/x',
    '-n',
    '-d',
  ];
  const foreign = ['--cert', `${directory}.pem`, '--key', `${directory}.key`];
  for (const argv of [publish, [...publish, ...foreign]]) {
    const { exitCode } = await execa('mosquitto_pub', argv, { reject: false, timeout: 10_000 });
    expect(exitCode).not.toBe(0);
  }
});

test('mosquitto_pub sets desired and mosquitto_sub hears the delta', async () => {
  const { host, mqtt: port } = run.cloud.endpoint;
  const base = shadowTopics('truck-2', 'by-mosquitto');
  const as = ({ ca, certificate, key }: { ca: string; certificate: string; key: string }) => [
    ...['-h', host, '-p', String(port), '--cafile', ca, '--cert', certificate, '--key', key, '-q', '1'],
  ];
  const truck = as(await run.cloud.issue('truck-2'));
  // It says that it has subscribed; to a pipe only when told to say each line at once.
  const hears = execa('stdbuf', [
    '-oL',
    'mosquitto_sub',
    ...truck,
    '-V',
    'mqttv5',
    '-d',
    '-t',
    `${base}/update/delta`,
    '-C',
    '1',
    '-W',
    '30',
  ]);
  await new Promise<void>((resolve) => {
    hears.stdout.on('data', (chunk: Buffer) => {
      if (chunk.toString().includes('Subscribed')) resolve();
    });
  });
  const document = JSON.stringify({ state: { desired: { policy: 'open' } } });
  await execa('mosquitto_pub', [...as(run.cloud.operator), '-t', `${base}/update`, '-m', document]);
  expect((await hears).stdout).toContain('"state":{"policy":"open"}');
});

test('kill -9 loses no shadow that was answered, and a session keeps what it was sent', async () => {
  const base = shadowTopics('truck-1', 'lasting');
  const session = { protocolVersion: 5, clean: false, clientId: 'truck-1', properties: { sessionExpiryInterval: 600 } };
  const truck = await connect('truck-1', session);
  await truck.subscribe(`${base}/update/delta`);
  await truck.end();
  const operator = await connect();
  await operator.subscribe(`${base}/update/accepted`);
  for (let value = 1; value <= 20; value++) {
    await operator.ask(`${base}/update`, { state: { desired: { value } } }, 'accepted');
  }
  expect(await run.cloud.isUp()).toBe(true);
  await run.cloud.kill();
  expect(await run.cloud.isUp()).toBe(false);
  await expect(connect('truck-1')).rejects.toThrow();
  await run.cloud.start();

  const again = await connect();
  await again.subscribe(`${base}/get/accepted`);
  expect(await again.ask(`${base}/get`, '', 'accepted')).toMatchObject({
    version: 20,
    state: { desired: { value: 20 } },
  });
  const back = await connect('truck-1', session);
  expect(await back.next(`${base}/update/delta`)).toMatchObject({ state: { value: expect.any(Number) } });
});

test('a cloud that can’t start says why, and a thing that can’t be called so gets no certificate', async () => {
  const { host } = run.cloud.endpoint;
  const second = startCloud({ directory: `${run.directory}/second`, host, program: run.program });
  await expect(second).rejects.toThrow(/did not start.*Address already in use/s);
  await expect(run.cloud.issue('lab.operator')).rejects.toThrow('ThingName must match pattern');
});
