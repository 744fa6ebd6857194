import { rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { hasCode } from '../host/errno.ts';
import { flushDirectory } from '../host/files.ts';

/** Enough for a router's configuration, the listings' hashes and a checkpoint, some times over. */
const BYTES = 256 * 1024;

/** Keeps some room on the disk for the way back, in a file that is given up when the disk is full. Written in full: no hole. */
export async function keepReserve(path: string): Promise<void> {
  try {
    await writeFile(path, Buffer.alloc(BYTES, '.'), { flag: 'wx' });
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error;
  }
}

export async function spendReserve(path: string): Promise<void> {
  await rm(path, { force: true });
  await flushDirectory(dirname(path));
}
