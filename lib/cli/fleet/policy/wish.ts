import { canonicalText } from '../../../policy/canonical.ts';
import { isMap } from '../../../policy/plain.ts';
import { wishId } from '../../../shadow/index.ts';
import { MOST_POLICY_BYTES } from '../../../shadow/limits.ts';
import { unpack } from '../../../shadow/packed.ts';
import type { Shadow } from '../../truck/cloud.ts';
import type { Draft } from '../../truck/draft.ts';
import { networkOf } from '../../truck/reported.ts';

/** What stands in a truck's shadow as it was looked at, as far as it matters for writing there. */
export interface Standing {
  /** Of `desired`; null: nothing is desired. */
  readonly id: string | null;
  /** The highest sequence number that the truck knows of: desired or in force. */
  readonly sequence: number;
  /** It is what is to be written already. */
  readonly isDone: boolean;
}

/** Pure. */
export function standingOf(shadow: Shadow | null, draft: Pick<Draft, 'what' | 'document'>): Standing {
  const desired = shadow?.desired;
  const isNothing = desired === undefined || desired === null;
  const numbers = [isMap(desired) ? desired.sequence : undefined, networkOf(shadow)?.revision?.sequence];
  return {
    id: isNothing ? null : wishId(desired),
    sequence: Math.max(0, ...numbers.filter((value) => typeof value === 'number')),
    isDone: isMap(desired) && canonicalText(documentIn(desired, draft.what)) === canonicalText(draft.document),
  };
}

/** The document that is desired, of this kind, whatever its form. */
function documentIn(desired: Readonly<Record<string, unknown>>, what: Draft['what']): unknown {
  const packed = desired[`${what}Gzip`];
  if (typeof packed !== 'string') return desired[what] ?? null;
  try {
    return unpack(packed, MOST_POLICY_BYTES);
  } catch {
    return null;
  }
}

/**
 * One sequence number for all trucks: more than each knows that has something to be written, and no less than those have that are done. So a run
 * that was interrupted is gone on with under the same number, and all trucks come to the same revision. Pure.
 * @param own the document's
 */
export function commonSequence(own: number, standings: Iterable<Standing>): number {
  let sequence = own;
  for (const { sequence: known, isDone } of standings) sequence = Math.max(sequence, isDone ? known : known + 1);
  return sequence;
}
