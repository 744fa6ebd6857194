import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';

/** A process that can't be mistaken for another one that got its number later. */
export const processIdentity = z.strictObject({
  pid: z.number().int().min(2),
  /** When it started: clock ticks since the machine booted (field 22 of /proc/PID/stat, proc(5)). */
  startTime: z.string(),
  /** Which boot of the machine that was: /proc/sys/kernel/random/boot_id. */
  bootId: z.string(),
});
export type ProcessIdentity = z.infer<typeof processIdentity>;

/** Start time and state of a process, from the text of its /proc/PID/stat. The name in there may hold blanks and brackets. */
export function parseStat(stat: string): { readonly state: string; readonly startTime: string } {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, startTime] = [fields[0], fields[19]];
  if (state === undefined || startTime === undefined) throw new TypeError(`not a /proc/PID/stat: ${stat}`);
  return { state, startTime };
}

/** Who has this number now; undefined: nobody, or only what is left of one until its parent takes notice (a zombie). */
export async function identify(pid: number): Promise<ProcessIdentity | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch((error: NodeJS.ErrnoException) => {
    // ESRCH: it ended between open and read.
    if (error.code === 'ENOENT' || error.code === 'ESRCH') return undefined;
    throw error;
  });
  if (stat === undefined) return undefined;
  const { state, startTime } = parseStat(stat);
  return state === 'Z' || state === 'X' ? undefined : { pid, startTime, bootId: await bootId() };
}

/** Whether the very same process is still there. */
export async function isAlive(process: ProcessIdentity): Promise<boolean> {
  const now = await identify(process.pid);
  return now !== undefined && now.startTime === process.startTime && now.bootId === process.bootId;
}

/**
 * Ends a process: SIGTERM, and SIGKILL when it is still there after the grace time. A process that is gone, or whose number is
 * somebody else's now, is left alone.
 * @throws Error when even SIGKILL does not end it within 10 s.
 */
export async function stopProcess(process: ProcessIdentity, graceMs = 2_000): Promise<void> {
  for (const [signal, waitMs] of [
    ['SIGTERM', graceMs],
    ['SIGKILL', 10_000],
  ] as const) {
    if (!(await isAlive(process))) return;
    send(process.pid, signal);
    const deadline = performance.now() + waitMs;
    while (performance.now() < deadline) {
      if (!(await isAlive(process))) return;
      await sleep(10);
    }
  }
  throw new Error(`process ${process.pid} does not end, not even by SIGKILL; look at /proc/${process.pid}/stack`);
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    // It ended by itself a moment ago.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Changes with every boot of this machine. */
export async function bootId(): Promise<string> {
  return (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
}
