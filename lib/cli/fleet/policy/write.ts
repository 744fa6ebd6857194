import { WishTooLargeError, writeWish } from '../../../shadow/index.ts';
import { isCloudError } from '../../truck/cloud.ts';
import type { Draft } from '../../truck/draft.ts';
import type { FleetShadows } from '../cloud.ts';
import { atPace, type Pace } from '../pace.ts';
import type { Surveyed } from './survey.ts';
import { standingOf } from './wish.ts';

/** What came of the writing for one truck. */
export type Outcome =
  | { readonly kind: 'written' }
  /** It stood there already. */
  | { readonly kind: 'done' }
  /** Somebody has desired something else of it since it was looked at; that was left. */
  | { readonly kind: 'changed' }
  | { readonly kind: 'failed'; readonly why: string };

/**
 * Writes a policy into the shadows of trucks, evenly. What goes wrong for one concerns no other, unless the cloud can't be asked or doesn't allow
 * it. Done again it writes only what is missing.
 * @param say is told what came of each
 */
export async function writeAll(
  shadows: FleetShadows,
  trucks: readonly Surveyed[],
  { draft, sequence, pace, signal }: { draft: Draft; sequence: number; pace: Pace; signal: AbortSignal },
  say: (thing: string, outcome: Outcome) => void,
): Promise<void> {
  const missing = trucks.filter(({ thing, standing }) => {
    if (standing.isDone) say(thing, { kind: 'done' });
    return !standing.isDone;
  });
  const stop = new AbortController();
  await atPace(missing, pace, AbortSignal.any([signal, stop.signal]), async (truck) => {
    const outcome = await write(shadows, truck, draft, sequence).catch((error: unknown) => {
      if (concernsAll(error)) stop.abort();
      return outcomeOf(error);
    });
    say(truck.thing, outcome);
  });
}

/** What fails for one will fail for the next: nobody needs to see that ten thousand times. */
const concernsAll = (error: unknown): boolean =>
  isCloudError(error) && (error.kind === 'forbidden' || error.kind === 'unreachable');

async function write(
  shadows: FleetShadows,
  { thing, standing }: Surveyed,
  draft: Draft,
  sequence: number,
): Promise<Outcome> {
  // What was written may be longer than what the index knew; and replacing it needs its keys.
  const shadow = await shadows.read(thing, 'network');
  const now = standingOf(shadow, draft);
  if (now.isDone) return { kind: 'done' };
  if (now.id !== standing.id) return { kind: 'changed' };
  const { update } = writeWish({ what: draft.what, document: draft.document, thing, sequence }, shadow?.desired);
  await shadows.updateDesired(thing, 'network', update, shadow?.version);
  return { kind: 'written' };
}

/** Only what concerns one truck; everything else ends the command. */
function outcomeOf(error: unknown): Outcome {
  if (isCloudError(error) && error.kind === 'conflict') return { kind: 'changed' };
  if (isCloudError(error) || error instanceof WishTooLargeError) return { kind: 'failed', why: error.message };
  throw error;
}
