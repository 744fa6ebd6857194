import { closeSync, openSync } from 'node:fs';
import { call } from './libc.ts';

/** setns(2), unshare(2): CLONE_NEWNET */
const CLONE_NEWNET = 0x4000_0000;

/**
 * Does something synchronously inside a network namespace: sockets opened in there stay in there. Only the calling thread changes
 * its namespace, and it is back in its own before anything else can run.
 * @param path of the namespace: /run/netns/NAME or /proc/PID/ns/net
 * @throws Error when the namespace is gone (ENOENT) or can't be entered (EPERM)
 */
export function inNamespace<T>(path: string, action: () => T): T {
  const home = openSync('/proc/thread-self/ns/net', 'r');
  try {
    const there = openSync(path, 'r');
    try {
      call('setns', there, CLONE_NEWNET);
    } finally {
      closeSync(there);
    }
    try {
      return action();
    } finally {
      goHome(home);
    }
  } finally {
    closeSync(home);
  }
}

/** A network namespace without a name: the kernel removes it, and the links in it, soon after it is closed or this process has died. */
export interface OpenNamespace {
  /** Valid for every process until it is closed. */
  readonly path: string;
  close(): void;
}

/** Makes one. @throws SystemCallError EPERM without root */
export function openNamespace(): OpenNamespace {
  const home = openSync('/proc/thread-self/ns/net', 'r');
  try {
    call('unshare', CLONE_NEWNET);
    try {
      const namespace = openSync('/proc/thread-self/ns/net', 'r');
      return { path: `/proc/${process.pid}/fd/${namespace}`, close: () => closeSync(namespace) };
    } finally {
      goHome(home);
    }
  } finally {
    closeSync(home);
  }
}

/** A process in the wrong network namespace would touch somebody else's network: then rather none. */
function goHome(home: number): void {
  try {
    call('setns', home, CLONE_NEWNET);
  } catch (error) {
    process.stderr.write(`could not return from a network namespace, giving up: ${String(error)}\n`);
    process.abort();
  }
}
