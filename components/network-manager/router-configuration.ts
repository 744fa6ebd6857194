import { mkdir, readdir, readlink, rename, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { RouterConfiguration } from '../../lib/truck/network.ts';
import { routerFiles } from '../../lib/truck/router-files.ts';
import { hasCode } from '../host/errno.ts';
import { flushDirectory, readIfExists, writeDurably } from '../host/files.ts';

/**
 * The directory that is mounted into the router: one folder for each configuration, and `current`, a link to the one that is in
 * force. The link is swapped in one rename, so the router reads the old configuration or the new one, never half of each. The one before
 * stays: if the change comes to nothing, that is gone back to.
 */
const CURRENT = 'current';

export async function writeConfiguration(
  directory: string,
  configuration: RouterConfiguration,
  fingerprint: string,
): Promise<void> {
  const folder = join(directory, fingerprint);
  await mkdir(folder, { recursive: true });
  for (const [name, content] of Object.entries(routerFiles(configuration))) {
    // What is there already needs no room on a full disk.
    if ((await readIfExists(join(folder, name))) !== content) await writeDurably(join(folder, name), content);
  }
  const before = await currentConfiguration(directory);
  const link = join(directory, `${CURRENT}.new`);
  await rm(link, { force: true });
  await symlink(fingerprint, link);
  await rename(link, join(directory, CURRENT));
  await flushDirectory(directory);
  for (const name of await readdir(directory)) {
    if (![CURRENT, fingerprint, before].includes(name)) await rm(join(directory, name), { recursive: true });
  }
}

/** Fingerprint of the configuration that a start of the router would bring up; null: none. */
export async function currentConfiguration(directory: string): Promise<string | null> {
  try {
    return await readlink(join(directory, CURRENT));
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return null;
    throw error;
  }
}
