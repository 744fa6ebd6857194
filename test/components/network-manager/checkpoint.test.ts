import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Checkpoint,
  NO_POLICY,
  readCheckpoint,
  writeCheckpoint,
} from '../../../components/network-manager/checkpoint.ts';
import { keepReserve, spendReserve } from '../../../components/network-manager/reserve.ts';
import { currentConfiguration, writeConfiguration } from '../../../components/network-manager/router-configuration.ts';
import { configurationFingerprint } from '../../../lib/truck/specification.ts';
import { compiled, example } from '../../lib/truck/support.ts';

/** What a truck keeps on its disk, on one that is really full. */
const disk = mkdtempSync(join(tmpdir(), 'firebreak-disk-'));
const path = join(disk, 'checkpoint.json');
const reserve = join(disk, 'reserve');

beforeAll(() => execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', disk]));
afterEach(() => {
  for (const name of readdirSync(disk)) rmSync(join(disk, name), { recursive: true });
});
afterAll(() => {
  execFileSync('umount', [disk]);
  rmSync(disk, { recursive: true });
});

const checkpoint = (sequence: number): Checkpoint => ({
  good: { revision: `${sequence}-0123456789ab`, document: 'x'.repeat(20_000) },
  underway: null,
  links: ['br0'],
});

function fill(): void {
  for (let block = 0; statfsSync(disk).bfree > 0; block++)
    writeFileSync(join(disk, `full-${block}`), Buffer.alloc(4096));
}

test('what was written is read, and before that there is no policy', async () => {
  expect(await readCheckpoint(path)).toEqual(NO_POLICY);
  await writeCheckpoint(path, checkpoint(1));
  expect(await readCheckpoint(path)).toEqual(checkpoint(1));
});

test('on a full disk the old checkpoint stays, whole, and the reserve makes room for a new one', async () => {
  await writeCheckpoint(path, checkpoint(1));
  await keepReserve(reserve);
  await keepReserve(reserve);
  fill();
  await expect(writeCheckpoint(path, checkpoint(2))).rejects.toMatchObject({ code: 'ENOSPC' });
  expect(await readCheckpoint(path)).toEqual(checkpoint(1));
  await spendReserve(reserve);
  await writeCheckpoint(path, checkpoint(2));
  expect(await readCheckpoint(path)).toEqual(checkpoint(2));
});

test.each([
  ['half a document', '{"good": null, "und'],
  ['another document', '{"verdict": "isolated"}'],
  ['nothing', ''],
])('%s is no checkpoint, and that is said with the file’s name', async (_what, text) => {
  writeFileSync(path, text);
  await expect(readCheckpoint(path)).rejects.toMatchObject({
    name: 'CheckpointError',
    message: expect.stringContaining(path),
  });
});

test('the router’s configuration before the present one stays, so that a full disk doesn’t keep from going back to it', async () => {
  const directory = join(disk, 'router');
  mkdirSync(directory);
  const [first, second] = ['article.yaml', 'station.yaml'].map((name) => compiled(example(name)).router.configuration);
  if (first === undefined || second === undefined) throw new Error('no examples');
  await writeConfiguration(directory, first, configurationFingerprint(first));
  await writeConfiguration(directory, second, configurationFingerprint(second));
  expect(await currentConfiguration(directory)).toBe(configurationFingerprint(second));
  fill();
  await writeConfiguration(directory, first, configurationFingerprint(first));
  expect(await currentConfiguration(directory)).toBe(configurationFingerprint(first));
});
