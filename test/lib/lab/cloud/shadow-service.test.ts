import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ShadowService } from '../../../../lib/lab/cloud/shadow-service.ts';
import { ShadowStore } from '../../../../lib/lab/cloud/store.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'firebreak-shadows-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const name = { thing: 'truck-1', shadow: 'network' };
const update = (value: unknown) => Buffer.from(JSON.stringify({ state: { desired: { value } } }));

async function service(requestsPerSecond?: number) {
  const published: string[] = [];
  const store = await ShadowStore.open(directory);
  const limits = { shadowSize: 8192, ...(requestsPerSecond === undefined ? {} : { requestsPerSecond }) };
  const publish = (topic: string) => published.push(topic.split('/').slice(-2).join('/'));
  return { store, published, service: new ShadowService({ store, limits, publish, now: () => 1000.5 }) };
}

test('requests are answered in their order, each from what the one before left', async () => {
  const { service: it } = await service();
  const answers = await Promise.all([1, 2, 3, 4].map((value) => it.request(name, 'update', update(value), 'mqtt')));
  expect(answers.map(({ response }) => response.version)).toEqual([1, 2, 3, 4]);
});

test('what a thing asks of several shadows is answered in the order in which it asked', async () => {
  const { service: it } = await service();
  const asked = Array.from({ length: 40 }, (_, index) => `shadow-${index}`);
  const answered: string[] = [];
  await Promise.all(
    asked.map(async (shadow, index) => {
      await it.request({ ...name, shadow }, 'update', update('x'.repeat(index % 2 === 0 ? 7000 : 1)), 'mqtt');
      answered.push(shadow);
    }),
  );
  expect(answered).toEqual(asked);
});

test('whoever opens the store again has what was accepted, and the version of what was deleted', async () => {
  const first = await service();
  await first.service.request(name, 'update', update('kept'), 'mqtt');
  await first.service.request({ ...name, shadow: null }, 'update', update('classic'), 'mqtt');
  await first.service.request({ ...name, shadow: 'gone' }, 'update', update(1), 'mqtt');
  await first.service.request({ ...name, shadow: 'gone' }, 'delete', Buffer.alloc(0), 'mqtt');
  const again = await service();
  expect(again.store.namedShadows('truck-1')).toEqual(['network']);
  const ask = async (shadow: string | null) =>
    (await again.service.request({ ...name, shadow }, 'get', Buffer.alloc(0), 'mqtt')).response;
  expect(await ask('network')).toMatchObject({ state: { desired: { value: 'kept' } }, version: 1 });
  expect(await ask(null)).toMatchObject({ state: { desired: { value: 'classic' } } });
  expect(await ask('gone')).toMatchObject({ code: 404 });
  const reborn = await again.service.request({ ...name, shadow: 'gone' }, 'update', update(2), 'mqtt');
  expect(reborn.response).toMatchObject({ version: 2 });
});

test('what could not be written was not accepted: the old document stays', async () => {
  const { service: it, published } = await service();
  // A file in the place of the directory that the shadow would lie in.
  writeFileSync(join(directory, 'truck-1'), '');
  const said = jest.spyOn(console, 'error').mockImplementation(() => undefined);
  const answer = await it.request(name, 'update', update(1), 'mqtt');
  said.mockRestore();
  expect(answer.response).toMatchObject({ code: 500, message: 'Internal service failure' });
  expect(published).toEqual(['update/rejected']);
  expect((await it.request(name, 'get', Buffer.alloc(0), 'mqtt')).response).toMatchObject({ code: 404 });
});

test('a rejection by REST is told to nobody else, an acceptance to all', async () => {
  const { service: it, published } = await service();
  await it.request(name, 'get', Buffer.alloc(0), 'rest');
  expect(published).toEqual([]);
  await it.request(name, 'update', update(1), 'rest');
  expect(published).toEqual(['update/accepted', 'update/delta', 'update/documents']);
});

test('more requests in a second than the limit allows are rejected', async () => {
  const { service: it } = await service(2);
  const codes = await Promise.all([1, 2, 3].map((value) => it.request(name, 'update', update(value), 'mqtt')));
  expect(codes.map(({ response }) => response.code)).toEqual([undefined, undefined, 429]);
  const other = await it.request({ ...name, thing: 'truck-2' }, 'update', update(1), 'mqtt');
  expect(other.accepted).toBe(true);
});

test('a file that is no shadow is named', async () => {
  const { service: it } = await service();
  await it.request(name, 'update', update(1), 'mqtt');
  const file = join(directory, 'truck-1/name/network.json');
  writeFileSync(file, readFileSync(file, 'utf8').slice(0, 20));
  await expect(ShadowStore.open(directory)).rejects.toThrow(`${file} is no shadow`);
});
