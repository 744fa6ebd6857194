import { collect, type Evidence, NOTHING_COLLECTED, readPart } from '../../shadow/index.ts';
import { EXIT, ExitError } from '../exit.ts';
import { unlessInterrupted } from '../interrupt.ts';
import { remark } from '../output.ts';
import type { Cloud } from './cloud.ts';

/**
 * The evidence that the cloud has retained, or the next, that is whole, unchanged and suits.
 * @param check throws when it doesn't suit: then it is passed over, and why is said
 * @throws ExitError when none comes in time; CloudError; the signal's reason
 */
export async function evidenceOf(
  cloud: Cloud,
  check: (evidence: Evidence) => void,
  { waitMs, signal }: { readonly waitMs: number; readonly signal: AbortSignal },
): Promise<Evidence> {
  const done = new AbortController();
  let collection = NOTHING_COLLECTED;
  let found: Evidence | undefined;
  const hear = (payload: Uint8Array) => {
    try {
      const collected = collect(collection, readPart(payload));
      collection = collected.collection;
      if (collected.problem !== undefined) throw new Error(collected.problem);
      if (collected.evidence === undefined) return;
      check(collected.evidence);
      found ??= collected.evidence;
      done.abort();
    } catch (error) {
      remark(`passed over: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
  const timer = setTimeout(() => done.abort(), waitMs);
  try {
    await unlessInterrupted(
      signal,
      cloud.listen(hear, () => undefined, done.signal),
    );
  } finally {
    clearTimeout(timer);
    done.abort();
  }
  if (found !== undefined) return found;
  throw new ExitError(EXIT.failed, `no evidence came within ${Math.round(waitMs / 1000)} s`);
}
