import { CommandError } from '../host/run.ts';

/** Waits for a removal by `ip`; what is to be removed may be gone already. */
export async function goneIsFine(removal: Promise<void>): Promise<void> {
  try {
    await removal;
  } catch (error) {
    if (!(error instanceof CommandError && /Cannot find device|No such process/.test(error.stderr))) throw error;
  }
}
