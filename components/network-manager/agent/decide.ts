import type { Checkpoint, Goal, Moment, RolledBack } from '../checkpoint.ts';
import { isPending, isProvisional, remainingMs } from '../provisional.ts';
import type { WishAnswer } from './work.ts';

/** What the agent sees when it asks itself what to do next. */
export interface Situation {
  readonly wish: WishAnswer;
  /** What the truck shall be as long as nothing has ever been in force: the fleet's baseline alone. */
  readonly fallback: WishAnswer;
  readonly checkpoint: Checkpoint;
  readonly now: Moment;
  /** Revision of the change of which it is known what was well before: only that one can be judged. */
  readonly judgeable: string | null;
  /** Milliseconds since this agent has begun. */
  readonly sinceStartMs: number;
  /** What failed and changed nothing: the wish's id, how often in a row, and milliseconds since the last time. */
  readonly failed: { readonly id: string; readonly times: number; readonly agoMs: number; readonly why: string } | null;
}

export type Next =
  /** It is as wished, or as near as it gets until something changes. */
  | { readonly do: 'rest'; readonly status: 'no-policy' | 'applied' | 'refused' | 'rolled-back'; readonly why?: string }
  | { readonly do: 'apply'; readonly goal: Goal }
  /** It is in force and waits for a verdict. */
  | { readonly do: 'settle'; readonly goal: Goal; readonly deadline: Moment }
  | { readonly do: 'wait'; readonly milliseconds: number; readonly why: string };

/**
 * What to do about a wish. Pure. What was refused or rolled back is not tried again until it changes; what was interrupted is. A truck on which
 * nothing is in force becomes what the baseline says first of all: then there is a way to the cloud, and something to go back to.
 */
export function decide(situation: Situation): Next {
  const { wish, fallback, checkpoint, failed } = situation;
  if (checkpoint.good === null && fallback.kind === 'policy') {
    const isFailed = failed !== null && 'id' in wish && failed.id === wish.id;
    const next = decideOn(fallback, { ...situation, failed: isFailed ? { ...failed, id: fallback.id } : null });
    if (next.do !== 'rest') return next;
  }
  return decideOn(wish, situation);
}

function decideOn(wish: WishAnswer, { checkpoint, now, judgeable, sinceStartMs, failed }: Situation): Next {
  const { good, underway, rolledBack } = checkpoint;
  if (wish.kind === 'refused') return { do: 'rest', status: 'refused' };
  const pending = isProvisional(underway) && isPending(underway, now) ? underway : null;
  // Somebody at the truck has put it in force and is to confirm it himself.
  if (pending !== null && pending.revision !== judgeable) {
    const milliseconds = remainingMs(pending.provisional.deadline, now) + 1000;
    return { do: 'wait', milliseconds, why: `revision ${pending.revision} waits for firebreak confirm` };
  }
  if (wish.kind === 'nothing') return { do: 'rest', status: good === null ? 'no-policy' : 'applied' };
  const goal: Goal = { revision: wish.revision.id, document: wish.document };
  if (pending?.revision === goal.revision) return { do: 'settle', goal, deadline: pending.provisional.deadline };
  if (good?.revision === goal.revision && underway === null) return { do: 'rest', status: 'applied' };
  if (failed?.id === wish.id && failed.agoMs < retryMs(failed.times))
    return { do: 'wait', milliseconds: retryMs(failed.times) - failed.agoMs, why: failed.why };
  if (rolledBack?.revision !== goal.revision) return { do: 'apply', goal };
  if (rolledBack.fault === 'policy') return { do: 'rest', status: 'rolled-back', why: rolledBack.why };
  const milliseconds = patienceMs(rolledBack) - sinceStartMs;
  return milliseconds > 0 ? { do: 'wait', milliseconds, why: rolledBack.why } : { do: 'apply', goal };
}

/** What is in the way, or who holds the lock, goes away by somebody else's doing: 5 s, 10 s, … 5 minutes. */
const retryMs = (times: number): number => Math.min(5000 * 2 ** (times - 1), 300_000);

/** A death or two can happen to any change; one that never survives must not keep the truck busy: 10 s, 20 s, … 10 minutes. */
const patienceMs = ({ times }: RolledBack): number => (times <= 2 ? 0 : Math.min(10_000 * 2 ** (times - 3), 600_000));
