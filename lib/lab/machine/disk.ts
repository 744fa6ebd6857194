import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../../../components/host/run.ts';

/** What the VM sees; only what it uses of it takes room. */
const SIZE = '16G';

/** Where a lab's VM has its disk: beside what goes with each boot. */
export const diskOf = (labDirectory: string): string => join(labDirectory, 'disk');

/** Makes an empty one, with a file system (mke2fs(8)) whose tables are written when they are needed. */
export async function makeDisk(path: string): Promise<void> {
  await rm(path, { force: true });
  await run([
    'mke2fs',
    '-q',
    '-F',
    '-t',
    'ext4',
    '-m',
    '0',
    '-E',
    'lazy_itable_init=1,lazy_journal_init=1',
    path,
    SIZE,
  ]);
}
