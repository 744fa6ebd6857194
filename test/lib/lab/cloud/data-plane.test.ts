import { Agent, get } from 'node:https';
import {
  DeleteThingShadowCommand,
  GetThingShadowCommand,
  IoTDataPlaneClient,
  ListNamedShadowsForThingCommand,
  PublishCommand,
  UpdateThingShadowCommand,
} from '@aws-sdk/client-iot-data-plane';
import { execa } from 'execa';
import { TestClient } from './client.ts';
import { credentials, shadowTopics, type TestCloud, testCloud } from './support.ts';

/** The cloud's REST interface, as AWS's own client sees it. */
jest.setTimeout(60_000);

let run: TestCloud;
const clients: IoTDataPlaneClient[] = [];
beforeAll(async () => {
  run = await testCloud();
});
afterAll(async () => {
  for (const client of clients) client.destroy();
  await run?.end();
});

/** Signs with credentials that nobody gave out and, as a truck does, shows a certificate. */
async function dataPlane(thing?: string): Promise<IoTDataPlaneClient> {
  const { ca, cert, key } = await credentials(run.cloud, thing);
  const client = new IoTDataPlaneClient({
    ...{ endpoint: run.cloud.endpoint.https, region: 'eu-central-1', maxAttempts: 1 },
    credentials: { accessKeyId: 'any', secretAccessKey: 'any' },
    requestHandler: { httpsAgent: new Agent(thing === undefined ? { ca } : { ca, cert, key }) },
  });
  clients.push(client);
  return client;
}

const payload = (document: unknown) => Buffer.from(typeof document === 'string' ? document : JSON.stringify(document));
const read = (bytes: Uint8Array | undefined) => JSON.parse(Buffer.from(bytes ?? []).toString());

test.each([
  ['signed requests', undefined],
  ['a thing’s certificate', 'truck-1'],
])('a shadow is written, read, listed and deleted with %s', async (_with, thing) => {
  const client = await dataPlane(thing);
  const name = { thingName: 'truck-1', shadowName: `rest-${thing ?? 'signed'}` };
  const written = await client.send(
    new UpdateThingShadowCommand({ ...name, payload: payload({ state: { desired: { a: 1 } }, clientToken: 't' }) }),
  );
  expect(read(written.payload)).toMatchObject({ state: { desired: { a: 1 } }, version: 1, clientToken: 't' });
  const got = await client.send(new GetThingShadowCommand(name));
  expect(read(got.payload)).toMatchObject({ state: { desired: { a: 1 }, delta: { a: 1 } }, version: 1 });
  const listed = await client.send(new ListNamedShadowsForThingCommand({ thingName: 'truck-1' }));
  expect(listed.results).toContain(name.shadowName);
  const deleted = await client.send(new DeleteThingShadowCommand(name));
  expect(read(deleted.payload)).toMatchObject({ version: 1 });
  await expect(client.send(new GetThingShadowCommand(name))).rejects.toMatchObject({
    ...{ name: 'ResourceNotFoundException', message: `No shadow exists with name: ${name.shadowName}` },
    $metadata: { httpStatusCode: 404 },
  });
});

test('the classic shadow is not listed, and the list comes in pages', async () => {
  const client = await dataPlane();
  const names = ['a', 'b', 'c', 'd', 'e'];
  for (const shadowName of [undefined, ...names]) {
    const document = payload({ state: { reported: { x: 1 } } });
    await client.send(new UpdateThingShadowCommand({ thingName: 'lister', shadowName, payload: document }));
  }
  const pages: (readonly string[] | undefined)[] = [];
  let nextToken: string | undefined;
  do {
    const command = new ListNamedShadowsForThingCommand({ thingName: 'lister', pageSize: 2, nextToken });
    const page = await client.send(command);
    pages.push(page.results);
    nextToken = page.nextToken;
  } while (nextToken !== undefined);
  expect(pages).toEqual([['a', 'b'], ['c', 'd'], ['e']]);
});

test.each([
  ['a version that isn’t the present one', { state: {}, version: 9 }, 'ConflictException', 409],
  ['no JSON', '{', 'InvalidRequestException', 400],
  ['no state', {}, 'InvalidRequestException', 400],
  ['more than 8 kB', { state: { desired: { a: 'x'.repeat(8192) } } }, 'RequestEntityTooLargeException', 413],
  ['more than a message may have', 'x'.repeat(200_000), 'RequestEntityTooLargeException', 413],
  ['no UTF-8', Buffer.from([0xff, 0xfe]), 'UnsupportedDocumentEncodingException', 415],
])('%s: the client throws what AWS’s would', async (_what, document, name, httpStatusCode) => {
  const client = await dataPlane();
  const shadow = { thingName: 'truck-1', shadowName: 'refusing' };
  await client.send(new UpdateThingShadowCommand({ ...shadow, payload: payload({ state: { desired: { b: 1 } } }) }));
  const bad = Buffer.isBuffer(document) ? document : payload(document);
  const update = client.send(new UpdateThingShadowCommand({ ...shadow, payload: bad }));
  await expect(update).rejects.toMatchObject({ name, $metadata: { httpStatusCode } });
});

test.each([
  ['a thing’s name', { thingName: 'truck 1', shadowName: 's' }],
  ['a shadow’s name', { thingName: 'truck-1', shadowName: 'a.b' }],
  ['a longer name', { thingName: 'truck-1', shadowName: 's'.repeat(65) }],
])('%s that can’t be is refused', async (_what, name) => {
  const got = (await dataPlane()).send(new GetThingShadowCommand(name));
  await expect(got).rejects.toMatchObject({ name: 'InvalidRequestException', $metadata: { httpStatusCode: 400 } });
});

test('a truck may not touch another’s shadows, nor publish to its topics', async () => {
  const client = await dataPlane('truck-1');
  const name = { thingName: 'truck-2', shadowName: 's' };
  const forbidden = { name: 'ForbiddenException', $metadata: { httpStatusCode: 403 } };
  for (const command of [
    new GetThingShadowCommand(name),
    new UpdateThingShadowCommand({ ...name, payload: payload({ state: {} }) }),
    new DeleteThingShadowCommand(name),
    new ListNamedShadowsForThingCommand({ thingName: 'truck-2' }),
    new PublishCommand({ topic: 'firebreak/truck-2/x', payload: payload({}) }),
    new PublishCommand({ topic: '$aws/things/truck-1/shadow/update/accepted', payload: payload({}) }),
  ]) {
    await expect(client.send(command as GetThingShadowCommand)).rejects.toMatchObject(forbidden);
  }
});

test('what is published by REST is heard by MQTT, and an accepted update is announced there; a rejected one is not', async () => {
  const client = await dataPlane();
  const truck = await TestClient.connect(run.cloud, 'truck-1');
  const base = shadowTopics('truck-1', 'announced');
  await truck.subscribe('firebreak/truck-1/orders', `${base}/#`);
  await client.send(new PublishCommand({ topic: 'firebreak/truck-1/orders', qos: 1, payload: payload({ order: 1 }) }));
  expect(await truck.next('firebreak/truck-1/orders')).toEqual({ order: 1 });

  const name = { thingName: 'truck-1', shadowName: 'announced' };
  const bad = client.send(new UpdateThingShadowCommand({ ...name, payload: payload({}) }));
  await expect(bad).rejects.toThrow('Missing required node: state');
  await client.send(new UpdateThingShadowCommand({ ...name, payload: payload({ state: { desired: { a: 1 } } }) }));
  expect(await truck.next(`${base}/update/delta`)).toMatchObject({ state: { a: 1 } });
  // An update that is published by REST is an update by MQTT.
  const publish = new PublishCommand({ topic: `${base}/update`, qos: 1, payload: payload({}) });
  await client.send(publish);
  expect(await truck.next(`${base}/update/rejected`)).toMatchObject({ code: 400 });
  expect(truck.heard.map(({ topic }) => topic)).toEqual([
    `${base}/update/accepted`,
    `${base}/update/documents`,
    `${base}/update`,
  ]);
  await truck.end();
});

test('whoever neither signs nor has a certificate is refused, and so is a certificate of another authority', async () => {
  const { ca } = await credentials(run.cloud);
  const url = `${run.cloud.endpoint.https}/things/truck-1/shadow`;
  const status = await new Promise((resolve, reject) => {
    get(url, { ca }, (response) => resolve(response.resume().statusCode)).on('error', reject);
  });
  expect(status).toBe(403);

  const file = `${run.directory}/stranger`;
  const subject = ['-nodes', '-subj', '/CN=truck-1', '-keyout', `${file}.key`, '-out', `${file}.pem`];
  await execa('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', ...subject]);
  const curl = ['--cacert', run.cloud.operator.ca, '--cert', `${file}.pem`, '--key', `${file}.key`, '--silent', url];
  expect((await execa('curl', curl, { reject: false })).exitCode).not.toBe(0);
});
