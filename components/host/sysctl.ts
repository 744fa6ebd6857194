import { readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { hasCode } from './errno.ts';
import type { Listener } from './listener.ts';
import { inNamespace } from './sockets/namespace.ts';

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

/** Values in another network namespace: /proc/sys/net shows that of who reads it. @throws Error ENOENT when the namespace is gone */
export function readSysctlsIn(netns: string, paths: readonly string[]): Readonly<Record<string, string | null>> {
  return inNamespace(netns, () => Object.fromEntries(paths.map((path) => [path, valueNow(path)])));
}

/**
 * Tells when one of these values changes, until it is told to end. The kernel has no events for most of them, so they are read again and
 * again; 50 values take half a millisecond.
 * @param paths of those that matter now
 */
export async function watchSysctls(
  paths: () => readonly string[],
  { began, noticed }: Listener,
  { everyMs, netns, signal }: { readonly everyMs: number; readonly netns?: string; readonly signal: AbortSignal },
): Promise<void> {
  const read = () => (netns === undefined ? values(paths()) : inNamespace(netns, () => values(paths())));
  let known = read();
  began();
  while (!signal.aborted) {
    await pause(everyMs, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return;
    const present = read();
    if (present !== known) noticed();
    known = present;
  }
}

function values(paths: readonly string[]): string {
  return paths.map((path) => valueNow(path) ?? '').join('\n');
}

function valueNow(path: string): string | null {
  try {
    return readFileSync(file(path), 'utf8').trim();
  } catch (error) {
    // A link that is being removed: its entry is there, but can't be read any longer.
    if (hasCode(error, 'ENOENT') || hasCode(error, 'EINVAL')) return null;
    throw error;
  }
}
