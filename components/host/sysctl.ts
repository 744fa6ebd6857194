import { readFile, writeFile } from 'node:fs/promises';
import { hasCode } from './errno.ts';

const file = (path: string) => `/proc/sys/${path}`;

/** The value, or null where the kernel has no such entry. @param path below /proc/sys, with slashes. */
export async function readSysctl(path: string): Promise<string | null> {
  try {
    return (await readFile(file(path), 'utf8')).trim();
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return null;
    throw error;
  }
}

/** @returns false where the kernel has no such entry. */
export async function writeSysctl(path: string, value: string): Promise<boolean> {
  try {
    // No O_CREAT: /proc refuses it.
    await writeFile(file(path), value, { flag: 'r+' });
    return true;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return false;
    throw error;
  }
}
