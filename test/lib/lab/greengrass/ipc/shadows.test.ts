import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LocalTopics } from '../../../../../lib/lab/greengrass/ipc/local-topics.ts';
import { shadowOperations } from '../../../../../lib/lab/greengrass/ipc/operations/shadows.ts';
import { ShadowManager } from '../../../../../lib/lab/greengrass/shadow-manager/shadow-manager.ts';
import { ShadowStore } from '../../../../../lib/lab/greengrass/shadow-manager/store.ts';
import { type Client, faultOf } from './client.ts';
import { TestNucleus } from './nucleus.ts';

/** Contract tests: the shadow operations with the official client. */
let nucleus: TestNucleus;
let directory: string;
let now: number;
let told: { topic: string; message: unknown }[];
let client: Client;

const operations = ['GetThingShadow', 'UpdateThingShadow', 'DeleteThingShadow'].map((name) => `aws.greengrass#${name}`);
const accessControl = {
  'aws.greengrass.ShadowManager': {
    'a:1': { operations, resources: ['$aws/things/t/shadow', '$aws/things/t/shadow/name/n*'] },
    'a:2': { operations: ['aws.greengrass#ListNamedShadowsForThing'], resources: ['t'] },
  },
};

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'fb-shadows-'));
  now = 1_700_000_000_000;
  told = [];
  nucleus = new TestNucleus();
  nucleus.configurations.set('a', { accessControl });
  const topics = new LocalTopics();
  topics.subscribe('$aws/things/#', 'test', (topic, message) => {
    told.push({ topic, message: 'binary' in message ? JSON.parse(message.binary.toString()) : message });
  });
  await nucleus.serve(
    shadowOperations(new ShadowManager(new ShadowStore(directory), topics, () => now), nucleus.permit),
  );
  client = await nucleus.connect('a');
});
afterEach(async () => {
  await nucleus.end();
  rmSync(directory, { recursive: true });
});

const name = { thingName: 't', shadowName: 'n' };
const read = (payload: unknown) => JSON.parse(Buffer.from(payload as Uint8Array).toString() || 'null');
const update = (document: object, of: object = name) =>
  client.updateThingShadow({ ...name, ...of, payload: JSON.stringify(document) });

test('what is written is read, with metadata, version and delta', async () => {
  const { payload } = await update({ state: { desired: { a: 1 }, reported: { b: 1 } }, clientToken: 'x' });
  expect(read(payload)).toMatchObject({
    state: { desired: { a: 1 } },
    version: 1,
    timestamp: 1_700_000_000,
    clientToken: 'x',
  });
  expect(read((await client.getThingShadow(name)).payload)).toMatchObject({
    state: { desired: { a: 1 }, reported: { b: 1 }, delta: { a: 1 } },
    metadata: { desired: { a: { timestamp: 1_700_000_000 } } },
    version: 1,
  });
});

test('each change is told on the local topics, the answer last', async () => {
  await update({ state: { desired: { a: 1 } } });
  const topics = told.map(({ topic }) => topic.replace('$aws/things/t/shadow/name/n/', ''));
  expect(topics).toEqual(['update/delta', 'update/documents', 'update/accepted']);
  expect(told[0]?.message).toMatchObject({ state: { a: 1 }, version: 1 });
});

test('the classic shadow is another one', async () => {
  await update({ state: { reported: { a: 1 } } }, { shadowName: '' });
  expect(read((await client.getThingShadow({ thingName: 't' })).payload)).toMatchObject({
    state: { reported: { a: 1 } },
  });
  expect(await faultOf(client.getThingShadow(name))).toMatchObject({ code: 'ResourceNotFoundError' });
});

test('deleted, it is gone, and its version goes on', async () => {
  await update({ state: { reported: { a: 1 } } });
  expect(read((await client.deleteThingShadow(name)).payload)).toBeNull();
  expect(await faultOf(client.deleteThingShadow(name))).toMatchObject({ code: 'ResourceNotFoundError' });
  expect(read((await update({ state: { reported: { a: 1 } } })).payload)).toMatchObject({ version: 2 });
});

test.each<[string, () => Promise<unknown>, object]>([
  [
    'missing',
    () => client.getThingShadow(name),
    { code: 'ResourceNotFoundError', message: 'No shadow exists with name: n' },
  ],
  [
    'of another version',
    async () => {
      await update({ state: { reported: {} } });
      return await update({ state: { reported: {} }, version: 7 });
    },
    { code: 'ConflictError', message: 'Version conflict' },
  ],
  ['too large', () => update({ state: { reported: { a: 'x'.repeat(8192) } } }), { code: 'InvalidArgumentsError' }],
  [
    'without a state',
    () => update({ reported: {} }),
    { code: 'InvalidArgumentsError', message: 'Missing required node: state' },
  ],
  [
    'malformed',
    () => client.updateThingShadow({ ...name, payload: '{"state":' }),
    { code: 'InvalidArgumentsError', message: 'Invalid JSON' },
  ],
  [
    'too deep',
    () => update({ state: { desired: JSON.parse(`${'{"a":'.repeat(9)}1${'}'.repeat(9)}`) } }),
    { code: 'InvalidArgumentsError' },
  ],
  [
    'of a bad name',
    () => client.getThingShadow({ thingName: 't', shadowName: 'n n' }),
    { code: 'InvalidArgumentsError' },
  ],
  [
    'of a name too long',
    () => client.getThingShadow({ thingName: 't', shadowName: 'n'.repeat(65) }),
    { code: 'InvalidArgumentsError' },
  ],
  [
    'not permitted',
    () => client.getThingShadow({ thingName: 't', shadowName: 'other' }),
    { code: 'UnauthorizedError' },
  ],
  ['of another thing', () => client.getThingShadow({ thingName: 'u', shadowName: 'n' }), { code: 'UnauthorizedError' }],
])('a request %s is refused and told', async (_, ask, fault) => {
  expect(await faultOf(ask())).toMatchObject(fault);
  expect(told.at(-1)?.topic).toMatch(/\/rejected$/);
});

test('more than 20 requests a second are too many, and a second later they aren’t', async () => {
  const ask = () => faultOf(client.getThingShadow(name));
  const faults = await Promise.all([...Array(25)].map(ask));
  expect(faults.filter(({ message }) => message === 'Too Many Requests')).toHaveLength(5);
  expect(faults.at(-1)).toMatchObject({ code: 'ServiceError' });
  now += 1_000;
  expect(await ask()).toMatchObject({ code: 'ResourceNotFoundError' });
});

test('named shadows are listed in pages', async () => {
  for (const shadowName of ['n2', 'n1', 'n3']) await update({ state: { reported: {} } }, { shadowName });
  await client.deleteThingShadow({ thingName: 't', shadowName: 'n3' });
  await update({ state: { reported: {} } }, { shadowName: '' });
  const first = await client.listNamedShadowsForThing({ thingName: 't', pageSize: 1 });
  expect(first).toMatchObject({ results: ['n1'], timestamp: expect.any(Date) });
  const second = await client.listNamedShadowsForThing({ thingName: 't', nextToken: first.nextToken ?? '' });
  expect([second.results, second.nextToken]).toEqual([['n2'], undefined]);
  expect(await faultOf(client.listNamedShadowsForThing({ thingName: 't', nextToken: 'x' }))).toMatchObject({
    code: 'InvalidArgumentsError',
  });
  expect(await faultOf(client.listNamedShadowsForThing({ thingName: 'u' }))).toMatchObject({
    code: 'UnauthorizedError',
  });
});

test('another store over the same directory knows all of it', async () => {
  await update({ state: { reported: { a: 1 } } });
  const { shadow } = new ShadowStore(directory).get({ thing: 't', shadow: 'n' });
  expect(shadow).toMatchObject({ state: { reported: { a: 1 } }, version: 1 });
});
