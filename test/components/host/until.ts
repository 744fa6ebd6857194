import { setTimeout as pause } from 'node:timers/promises';

/** Waits until it is so. @throws Error after the deadline (ms): a loaded machine is slow */
export async function until(what: string, isSo: () => boolean | Promise<boolean>, deadlineMs = 20_000): Promise<void> {
  if (!(await becomes(isSo, deadlineMs))) throw new Error(`not within ${deadlineMs} ms: ${what}`);
}

/** Whether it becomes so before the deadline (ms). */
export async function becomes(isSo: () => boolean | Promise<boolean>, deadlineMs: number): Promise<boolean> {
  const begun = performance.now();
  while (!(await isSo())) {
    if (performance.now() - begun > deadlineMs) return false;
    await pause(10);
  }
  return true;
}
