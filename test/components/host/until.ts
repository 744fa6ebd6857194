import { setTimeout as pause } from 'node:timers/promises';

/** Waits until it is so. @throws Error after the deadline (ms): a loaded machine is slow */
export async function until(what: string, isSo: () => boolean | Promise<boolean>, deadlineMs = 20_000): Promise<void> {
  const begun = performance.now();
  while (!(await isSo())) {
    if (performance.now() - begun > deadlineMs) throw new Error(`not within ${deadlineMs} ms: ${what}`);
    await pause(10);
  }
}
