import { setTimeout as pause } from 'node:timers/promises';

export interface Pace {
  /** No more are begun in a second, and none are made up for that could have been. */
  readonly perSecond: number;
  /** No more are under way at once. */
  readonly inFlight: number;
}

/** When the next may begin. Pure; milliseconds. @param last when the last one was begun; null: none was */
export function nextStart(last: number | null, now: number, { perSecond }: Pick<Pace, 'perSecond'>): number {
  return last === null ? now : Math.max(now, last + 1000 / perSecond);
}

/**
 * Does something for each item, evenly. After the signal nothing more is begun, and what is under way is let end; so it is when the action throws.
 * @returns how many were begun
 */
export async function atPace<Item>(
  items: Iterable<Item>,
  pace: Pace,
  signal: AbortSignal,
  action: (item: Item) => Promise<void>,
): Promise<number> {
  const running = new Set<Promise<void>>();
  let last: number | null = null;
  let begun = 0;
  let failure: { readonly error: unknown } | null = null;
  for (const item of items) {
    while (running.size >= pace.inFlight) await Promise.race(running);
    const now = performance.now();
    const start = nextStart(last, now, pace);
    if (start > now) await pause(start - now, undefined, { signal }).catch(() => undefined);
    if (signal.aborted || failure !== null) break;
    last = Math.max(start, now);
    begun++;
    const run: Promise<void> = action(item)
      .catch((error: unknown) => {
        failure ??= { error };
      })
      .finally(() => running.delete(run));
    running.add(run);
  }
  await Promise.all(running);
  if (failure !== null) throw (failure as { readonly error: unknown }).error;
  return begun;
}
