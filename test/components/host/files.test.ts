import { mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hasCode } from '../../../components/host/errno.ts';
import { readIfExists, writeDurably } from '../../../components/host/files.ts';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'firebreak-files-'));
});
afterEach(() => rm(directory, { recursive: true }));

const contents = ['a', 'b'].map((letter) => letter.repeat(1_000_000));

test('what was written is read; what is not there is null', async () => {
  const path = join(directory, 'file');
  expect(await readIfExists(path)).toBeNull();
  await writeDurably(path, 'ä\n');
  expect(await readIfExists(path)).toBe('ä\n');
  await writeDurably(path, '');
  expect(await readIfExists(path)).toBe('');
});

test('everybody may read it, only its owner write', async () => {
  const path = join(directory, 'file');
  await writeDurably(path, '');
  expect((await stat(path)).mode & 0o777).toBe(0o644);
});

test('who reads while it is written gets the old content or the new one, whole', async () => {
  const path = join(directory, 'file');
  await writeDurably(path, contents[0] ?? '');
  let writing = true;
  const writes = (async () => {
    for (let round = 1; round <= 20; round++) await writeDurably(path, contents[round % 2] ?? '');
    writing = false;
  })();
  let reads = 0;
  for (; writing; reads++) expect(contents.includes((await readIfExists(path)) ?? '')).toBe(true);
  await writes;
  expect(reads).toBeGreaterThan(0);
});

test('of several that write at the same time one has the last word, and it is whole', async () => {
  const path = join(directory, 'file');
  await Promise.all(Array.from({ length: 8 }, (_, index) => writeDurably(path, contents[index % 2] ?? '')));
  expect(contents.includes((await readIfExists(path)) ?? '')).toBe(true);
  expect(await readdir(directory)).toEqual(['file']);
});

test('what can’t be put in place leaves nothing behind', async () => {
  const path = join(directory, 'taken');
  await mkdir(join(path, 'by-something'), { recursive: true });
  const fault: unknown = await writeDurably(path, 'x').catch((error: unknown) => error);
  expect(hasCode(fault, 'EISDIR')).toBe(true);
  expect(await readdir(directory)).toEqual(['taken']);
});

test('a fault other than that it isn’t there is told', async () => {
  const fault: unknown = await readIfExists(directory).catch((error: unknown) => error);
  expect(hasCode(fault, 'EISDIR')).toBe(true);
});

test('an error’s code is known, also of what is no error', () => {
  expect(hasCode({ code: 'ENOENT' }, 'ENOENT')).toBe(true);
  expect(hasCode({ code: 'EPERM' }, 'ENOENT')).toBe(false);
  for (const other of [null, undefined, 'ENOENT', {}]) expect(hasCode(other, 'ENOENT')).toBe(false);
});
