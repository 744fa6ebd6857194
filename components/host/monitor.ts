import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { hasCode } from './errno.ts';
import type { Listener } from './listener.ts';

export interface MonitorOptions {
  /** Path of a network namespace to listen in. */
  readonly netns?: string;
  /** Which events, by their lines, are worth noticing; all, unless it is given. */
  readonly concerns?: (line: string) => boolean;
  /** Ends it. */
  readonly signal: AbortSignal;
}

/** A slow machine under load takes seconds to start a program. */
const SUBSCRIBED_WITHIN_MS = 15_000;

/**
 * Runs a program that subscribes to the kernel's netlink events and writes a line for each (`ip monitor`, `nft monitor`), until it is told
 * to end. It dies with this process, also by kill -9: otherwise it would keep alive the network namespace that it listens in.
 * @throws Error with the program's words when it ends by itself
 */
export async function monitor(
  argv: readonly string[],
  { began, noticed }: Listener,
  { netns, concerns = () => true, signal }: MonitorOptions,
): Promise<void> {
  if (signal.aborted) return;
  const enter = netns === undefined ? [] : ['nsenter', `--net=${netns}`];
  const [file = '', ...args] = [...enter, 'setpriv', '--pdeathsig', 'KILL', ...argv];
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, LC_ALL: 'C' } });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said = `${said}${chunk.toString()}`.slice(-1000);
  });
  createInterface({ input: child.stdout }).on('line', (line) => concerns(line) && noticed());
  const stop = () => void child.kill('SIGKILL');
  signal.addEventListener('abort', stop, { once: true });
  const ended = new AbortController();
  try {
    const closed = once(child, 'close').finally(() => ended.abort());
    await Promise.all([closed, watchSubscription(child.pid, ended.signal, began, stop)]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
  if (!signal.aborted)
    throw new Error(`${argv.join(' ')} ended: ${child.signalCode ?? child.exitCode}: ${said.trim()}`);
}

/** Says once that it has subscribed; stops a process that doesn't within a reasonable time. */
async function watchSubscription(pid: number | undefined, ended: AbortSignal, began: () => void, stop: () => void) {
  const begun = performance.now();
  while (pid !== undefined && !ended.aborted) {
    if (isSubscribed(pid)) return began();
    if (performance.now() - begun > SUBSCRIBED_WITHIN_MS) return stop();
    await pause(20);
  }
}

/** Has a process a netlink socket that belongs to a multicast group? (proc(5), /proc/PID/net/netlink) */
function isSubscribed(pid: number): boolean {
  try {
    const sockets = new Set(readdirSync(`/proc/${pid}/fd`).map((fd) => target(`/proc/${pid}/fd/${fd}`)));
    return readFileSync(`/proc/${pid}/net/netlink`, 'utf8')
      .split('\n')
      .slice(1)
      .map((line) => line.trim().split(/\s+/))
      .some(([, , , groups = '0', , , , , , inode]) => !/^0*$/.test(groups) && sockets.has(`socket:[${inode}]`));
  } catch (error) {
    if (hasCode(error, 'ENOENT') || hasCode(error, 'ESRCH') || hasCode(error, 'EINVAL')) return false;
    throw error;
  }
}

/** What a file descriptor stands for; empty if it was closed meanwhile. */
function target(link: string): string {
  try {
    return readlinkSync(link);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return '';
    throw error;
  }
}
