import type { Checkpoint, Goal, Moment } from '../checkpoint.ts';
import { isProvisional, remainingMs } from '../provisional.ts';
import type { Changed } from '../transaction.ts';
import {
  type AfterChange,
  type Baseline,
  baselineOf,
  judgeChange,
  type MeasuredRow,
  NOTHING_WELL,
} from './judge-change.ts';

/** What a change of policy by the agent needs of the world. */
export interface ChangeWorld {
  readonly checkpoint: () => Promise<Checkpoint>;
  readonly now: () => Moment;
  /** @throws as `change` does */
  readonly apply: (goal: Goal, confirmWithinMs: number) => Promise<Changed>;
  /** @throws NotPendingError */
  readonly confirm: (revision: string) => Promise<unknown>;
  /** @throws NotPendingError */
  readonly rollBack: (revision: string, why: string) => Promise<unknown>;
  readonly baseline: BaselineMemory;
  /** @throws Error when it can't be measured */
  readonly measure: (document: string) => Promise<readonly MeasuredRow[]>;
  /** Containers of others that the policy names and that aren't there. */
  readonly absent: (document: string) => Promise<readonly string[]>;
  /** Did a word come back from the cloud within the time (ms)? */
  readonly isCloudAlive: (timeoutMs: number) => Promise<boolean>;
  readonly say: (event: string, details: Readonly<Record<string, unknown>>) => void;
  readonly pause: (milliseconds: number) => Promise<void>;
  readonly signal: AbortSignal;
}

/** What was well before the change that is under way; it outlives the agent. */
export interface BaselineMemory {
  readonly read: () => Promise<(Baseline & { readonly revision: string }) | null>;
  readonly keep: (revision: string, baseline: Baseline) => Promise<void>;
  readonly forget: () => Promise<void>;
}

/** Between two measurements of a change that isn't well yet. */
const AGAIN_MS = 3000;
/** What was well and isn't after so long won't be: cables need seconds, DHCP some more. The cloud has all the time there is. */
const OUTAGE_PATIENCE_MS = 45_000;
/** An echo comes back in a second; a connection that has to be made anew takes longer, and is asked again. */
const ECHO_MS = 10_000;
/** Kept for the way back. */
const MARGIN_MS = 5000;

/** Puts the policy in force, provisionally if there is one to go back to. @returns until when it must be confirmed @throws as `apply` does */
export async function begin(goal: Goal, confirmWithinMs: number, world: ChangeWorld): Promise<Moment | null> {
  const { good, underway } = await world.checkpoint();
  // What is in force now may be as bad as what follows: what was well before that counts.
  const known = isProvisional(underway) ? await world.baseline.read() : null;
  if (good !== null) {
    const { revision: _, ...before } = known ?? { revision: '', ...(await measureBefore(good, world)) };
    await world.baseline.keep(goal.revision, before);
  }
  const { steps, confirmBy } = await world.apply(goal, confirmWithinMs);
  world.say('applied', { revision: goal.revision, steps: steps.length, provisional: confirmBy !== null });
  return confirmBy;
}

async function measureBefore({ document }: Goal, { measure, isCloudAlive, say }: ChangeWorld): Promise<Baseline> {
  const [rows, cloud] = await Promise.all([
    measure(document).catch((error: unknown) => {
      say('not-measured', { why: String(error) });
      return null;
    }),
    isCloudAlive(ECHO_MS),
  ]);
  return rows === null ? { ...NOTHING_WELL, cloud } : baselineOf(rows, cloud);
}

/**
 * Measures a pending change until it can be confirmed, or is rolled back.
 * @param isStale something newer is wished for: then this one is left as it is
 */
export async function settle(
  goal: Goal,
  deadline: Moment,
  isStale: () => Promise<boolean>,
  world: ChangeWorld,
): Promise<'confirmed' | 'rolled-back' | 'left'> {
  // Who has lost his memory asks for all that could have been well outside.
  const before = (await world.baseline.read()) ?? { ...NOTHING_WELL, internet: true, cloud: true };
  const begunMs = world.now().uptimeMs;
  for (;;) {
    const measuringMs = world.now().uptimeMs;
    const after = await measureAfter(goal, before.cloud, world);
    const nowMs = world.now().uptimeMs;
    if (world.signal.aborted || (await isStale())) return 'left';
    const verdict = judgeChange(before, after);
    const leftMs = remainingMs(deadline, world.now());
    world.say('judged', { revision: goal.revision, ...verdict, leftSeconds: Math.floor(leftMs / 1000) });
    if (verdict.verdict === 'confirm') {
      await world.confirm(goal.revision);
      return 'confirmed';
    }
    const isOnlyTheCloud = judgeChange(before, { ...after, cloud: true }).verdict === 'confirm';
    const isHopeless = !isOnlyTheCloud && nowMs - begunMs > OUTAGE_PATIENCE_MS;
    const isLast = leftMs < nowMs - measuringMs + AGAIN_MS + MARGIN_MS;
    if (verdict.verdict === 'roll-back' || isHopeless || isLast) {
      await world.rollBack(goal.revision, verdict.why);
      return 'rolled-back';
    }
    await world.pause(AGAIN_MS);
  }
}

async function measureAfter(
  { document }: Goal,
  mustEcho: boolean,
  { measure, isCloudAlive, absent }: ChangeWorld,
): Promise<AfterChange> {
  const [rows, cloud, missing] = await Promise.all([
    measure(document).catch(toError),
    mustEcho ? isCloudAlive(ECHO_MS) : true,
    absent(document).catch(() => []),
  ]);
  const found = { cloud, absent: missing };
  return rows instanceof Error ? { rows: null, problem: rows.message, ...found } : { rows, ...found };
}

const toError = (thrown: unknown): Error => (thrown instanceof Error ? thrown : new Error(String(thrown)));
