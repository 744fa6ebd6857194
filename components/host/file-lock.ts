import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { hasCode } from './errno.ts';
import { call, SystemCallError } from './sockets/libc.ts';

/** flock(2): LOCK_EX | LOCK_NB */
const EXCLUSIVE_WITHOUT_WAITING = 2 | 4;

/** A lock that this process holds. */
export interface FileLock {
  release(): void;
}

/**
 * Takes the exclusive lock of a file, which is made if need be. The kernel holds it for this process and lets go of it when the process
 * ends, however that ends; started programs don't inherit it. The holder's process ID lies in the file.
 * @returns null while somebody else holds it, also somebody in this process
 * @throws Error when the file can't be opened, such as ENOENT for a missing directory
 */
export function tryLock(path: string): FileLock | null {
  // Node opens everything with O_CLOEXEC. 'a+': the holder's name is not touched before the lock is ours.
  const file = openSync(path, 'a+', 0o644);
  try {
    call('flock', file, EXCLUSIVE_WITHOUT_WAITING);
  } catch (error) {
    closeSync(file);
    if (error instanceof SystemCallError && WOULD_WAIT.has(error.code)) return null;
    throw error;
  }
  sign(file);
  return {
    release: () => {
      ftruncateSync(file);
      closeSync(file);
    },
  };
}

/** Also on a full disk the lock is held; only nobody learns by whom. */
function sign(file: number): void {
  ftruncateSync(file);
  try {
    writeSync(file, `${process.pid}\n`);
  } catch (error) {
    if (!hasCode(error, 'ENOSPC')) throw error;
  }
}

/** One number, two names. */
const WOULD_WAIT: ReadonlySet<string> = new Set(['EAGAIN', 'EWOULDBLOCK']);

/** Process ID of who holds the lock; null in the moment in which it changes hands. */
export function holderOf(path: string): number | null {
  const pid = Number.parseInt(readFileSync(path, 'utf8'), 10);
  return Number.isNaN(pid) ? null : pid;
}
