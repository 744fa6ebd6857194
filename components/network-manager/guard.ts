import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { startDetached } from '../host/detached.ts';
import { backOff } from './back-off.ts';
import type { Moment } from './checkpoint.ts';

/**
 * The watchdog of a provisional change: a shell that sleeps till the deadline (2 MB), and then becomes the program that rolls back
 * what nobody has confirmed. It stands in no relation to who started it but the checkpoint and the lock. That it isn't needed any
 * longer it learns from a file that is gone. After a reboot it is gone, too; then the network manager's start does its work.
 */
const SLEEPER = `
  seconds=$1 marker=$2; shift 2
  while [ "$seconds" -gt 0 ]; do [ -e "$marker" ] || exit 0; sleep 1; seconds=$((seconds - 1)); done
  [ ! -e "$marker" ] || exec "$@"
`;

/** @param program argv of what calls `standGuard` with this deadline */
export async function startGuard(
  program: readonly string[],
  markers: string,
  deadline: Moment,
  withinMs: number,
): Promise<void> {
  const marker = join(markers, `${deadline.boot}-${deadline.uptimeMs}`);
  await mkdir(markers, { recursive: true });
  await writeFile(marker, '');
  const seconds = String(Math.ceil(withinMs / 1000));
  await startDetached(['sh', '-c', SLEEPER, 'firebreak-guard', seconds, marker, ...program], logOf(markers));
}

/** No change waits any longer: the sleepers may go. */
export async function dismissGuards(markers: string): Promise<void> {
  await rm(markers, { recursive: true, force: true });
}

const logOf = (markers: string): string => join(dirname(markers), 'guard.log');

/**
 * Goes on until the change is confirmed or rolled back, however often that fails.
 * @param rollBack gives the milliseconds after which it is to be called again; 0: done
 */
export async function standGuard(
  rollBack: () => Promise<number>,
  say: (why: string) => void,
  wait: (milliseconds: number) => Promise<void> = pause,
): Promise<void> {
  for (let failures = 0; ; ) {
    try {
      const remaining = await rollBack();
      if (remaining === 0) return;
      failures = 0;
      await wait(remaining);
    } catch (error) {
      failures++;
      say(error instanceof Error ? error.message : String(error));
      await wait(backOff(failures));
    }
  }
}
