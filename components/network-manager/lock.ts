import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type FileLock, holderOf, tryLock } from '../host/file-lock.ts';

export interface LockOptions {
  /** Milliseconds to wait for whoever else changes this truck. Default: 60,000. */
  readonly patienceMs?: number;
  /** Told once, if there is somebody to wait for: in words, with the process ID. */
  readonly onWait?: (who: string) => void;
  /** Ends the waiting. */
  readonly signal?: AbortSignal;
}

/** Somebody else changes this truck and went on longer than it was waited for; nothing was changed. */
export class LockedError extends Error {
  override readonly name = 'LockedError';
  /** Process ID; null: it had just let go. */
  readonly holder: number | null;

  constructor(holder: number | null, patienceMs: number) {
    super(`this truck is being changed by ${inWords(holder)}; waited ${patienceMs / 1000} s, nothing was changed`);
    this.holder = holder;
  }
}

/** How often a held lock is tried again: nobody notices it, and flock(2) can't be waited for with a deadline. */
const RETRY_MS = 50;

/**
 * Does something that changes the truck while nobody else does: what was observed is still so when it is changed. The lock is the kernel's,
 * so whoever is killed holds nobody up.
 * @param path of the lock; its directory is made
 * @throws LockedError when it was waited for in vain; the signal's reason when that comes first
 */
export async function withLock<T>(path: string, action: () => Promise<T>, options: LockOptions = {}): Promise<T> {
  await mkdir(dirname(path), { recursive: true });
  const lock = await takeLock(path, options);
  try {
    return await action();
  } finally {
    lock.release();
  }
}

/** Who changes the truck at this moment, in words; null: nobody. */
export function whoChanges(path: string): string | null {
  if (!existsSync(path)) return null;
  const lock = tryLock(path);
  if (lock === null) return inWords(holderOf(path));
  lock.release();
  return null;
}

async function takeLock(path: string, { patienceMs = 60_000, onWait, signal }: LockOptions): Promise<FileLock> {
  const begun = performance.now();
  for (let told = false; ; told = true) {
    signal?.throwIfAborted();
    const lock = tryLock(path);
    if (lock !== null) return lock;
    if (performance.now() - begun >= patienceMs) throw new LockedError(holderOf(path), patienceMs);
    if (!told) onWait?.(inWords(holderOf(path)));
    await pause(RETRY_MS, undefined, signal === undefined ? {} : { signal });
  }
}

function inWords(holder: number | null): string {
  return holder === null ? 'another process' : `process ${holder}`;
}
