import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { digest } from './digest.ts';

/** Changes when equal inputs are to give other bytes than before. */
const FORMAT = 1;

/**
 * What takes seconds is made once: an artifact is kept under the digest of everything that goes in, with its own digest before it, so that
 * a file that was damaged meanwhile is made again.
 * @param inputs whatever the artifact follows from, as JSON holds it
 */
export async function cached(
  cacheDirectory: string,
  inputs: readonly unknown[],
  make: () => Promise<Uint8Array>,
): Promise<Uint8Array> {
  const directory = join(cacheDirectory, 'artifacts');
  const file = join(directory, digest(JSON.stringify([FORMAT, ...inputs]), 'hex'));
  const kept = await readFile(file).catch(() => undefined);
  if (kept !== undefined) {
    const content = kept.subarray(LENGTH);
    if (kept.subarray(0, LENGTH).toString() === digest(content, 'hex')) return content;
  }
  const content = await make();
  await mkdir(directory, { recursive: true });
  const making = `${file}.${process.pid}`;
  await writeFile(making, Buffer.concat([Buffer.from(digest(content, 'hex')), content]));
  await rename(making, file);
  return content;
}

/** Of a SHA-256 in hexadecimal. */
const LENGTH = 64;
