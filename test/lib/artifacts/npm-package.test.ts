import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../../../components/host/run.ts';
import { fetchPackage, readPackaged } from '../../../lib/artifacts/npm-package.ts';

jest.setTimeout(60_000);

/** A registry with one package, spoken to by the real npm. */
const scratch = mkdtempSync(join(tmpdir(), 'firebreak-npm-'));
let tarball: Buffer;
let asked: string[] = [];
const server = createServer((request, response) => {
  const url = request.url ?? '';
  asked.push(url);
  if (url.endsWith('.tgz')) return void response.end(tarball);
  const dist = { tarball: `${origin()}/@ours/engine/-/engine-1.0.0.tgz`, integrity: integrityOf(tarball) };
  const versions = { '1.0.0': { name: '@ours/engine', version: '1.0.0', dist } };
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ name: '@ours/engine', 'dist-tags': { latest: '1.0.0' }, versions }));
});
const origin = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
const integrityOf = (bytes: Buffer) => `sha512-${createHash('sha512').update(bytes).digest('base64')}`;
const environment = { ...process.env };

beforeAll(async () => {
  const source = join(scratch, 'package');
  await run(['mkdir', '-p', join(source, 'bin')]);
  writeFileSync(join(source, 'package.json'), '{"name":"@ours/engine","version":"1.0.0"}');
  writeFileSync(join(source, 'bin', 'engine'), 'roars');
  await run(['tar', '-czf', join(scratch, 'engine.tgz'), '-C', scratch, 'package']);
  tarball = readFileSync(join(scratch, 'engine.tgz'));
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  Object.assign(process.env, { npm_config_registry: origin(), npm_config_cache: join(scratch, 'npm-cache') });
});
beforeEach(() => {
  asked = [];
});
afterAll(async () => {
  process.env = environment;
  server.closeAllConnections();
  await new Promise((closed) => server.close(closed));
  rmSync(scratch, { recursive: true, force: true });
});

const pinned = () => ({ name: '@ours/engine', version: '1.0.0', integrity: integrityOf(tarball) });

test('a package is fetched once, and its files can be read', async () => {
  const cache = join(scratch, 'once');
  const file = await fetchPackage(pinned(), cache);
  expect(Buffer.from(await readPackaged(file, 'bin/engine')).toString()).toBe('roars');
  asked = [];
  expect(await fetchPackage(pinned(), cache)).toBe(file);
  expect(asked).toEqual([]);
});

test('what isn’t what is pinned is refused, and not kept', async () => {
  const cache = join(scratch, 'refused');
  const other = { ...pinned(), integrity: integrityOf(Buffer.from('other')) };
  await expect(fetchPackage(other, cache)).rejects.toThrow('@ours/engine 1.0.0 from npm');
  expect(readdirSync(join(cache, 'npm'))).toEqual([]);
});

test('what was damaged in the cache is fetched again', async () => {
  const cache = join(scratch, 'damaged');
  const file = await fetchPackage(pinned(), cache);
  writeFileSync(file, 'half of it');
  await fetchPackage(pinned(), cache);
  expect(readFileSync(file).equals(tarball)).toBe(true);
});
