import { jsonBytes } from '../../../lib/shadow/limits.ts';
import type { NetworkState } from '../../../lib/shadow/network-report.ts';
import { NotPendingError } from '../confirmation.ts';
import { LockedError } from '../lock.ts';
import { RolledBackError, UnfinishedError } from '../transaction.ts';
import { begin, type ChangeWorld, settle } from './change.ts';
import { decide, type Next } from './decide.ts';
import type { WishAnswer } from './work.ts';

/** What the wishes need besides what each change needs. */
export interface WishesWorld extends ChangeWorld {
  /** The newest wish as the shadow and the deployment have it. @throws IpcError; Error */
  readonly read: () => Promise<ReadWish>;
  /** Waits so long (ms), or until something that is wished for has perhaps changed. */
  readonly rest: (milliseconds: number) => Promise<void>;
  readonly tell: (told: Told) => void;
}

export interface ReadWish {
  readonly wish: WishAnswer;
  /** `desired` as it stands in the shadow. */
  readonly section: unknown;
  /** What is to be instead, as long as nothing is in force. @throws Error */
  readonly fallback: () => Promise<WishAnswer>;
  readonly confirmWithinMs: number;
}

export interface Told extends Pick<NetworkState, 'status' | 'why' | 'problems'> {
  readonly wish: WishAnswer;
  /** What stands beside the report. */
  readonly desiredBytes: number;
}

/** So often the shadow is read though nobody has said that it has changed: a message may be lost. */
const RE_READ_MS = 300_000;
const RETRY_READ_MS = 5000;

interface Failed {
  readonly id: string;
  readonly times: number;
  readonly atMs: number;
  readonly why: string;
}

/** Makes the truck what is wished for, whatever comes; until the signal. One change at a time, and the newest wish is the next. */
export async function followWishes(world: WishesWorld): Promise<void> {
  const begunMs = world.now().uptimeMs;
  let failed: Failed | null = null;
  while (!world.signal.aborted) {
    const read = await world.read().catch(toError);
    if (read instanceof Error) {
      world.say('wish-not-read', { why: read.message });
      await world.rest(RETRY_READ_MS);
      continue;
    }
    const outcome = await turn(read, failed, begunMs, world).catch(toError);
    if (!(outcome instanceof Error)) {
      if (outcome.isDone) failed = null;
      if (outcome.restMs > 0) await world.rest(Math.min(outcome.restMs, RE_READ_MS));
      continue;
    }
    world.say('change-failed', { why: outcome.message });
    // It was rolled back, or its time was over: the checkpoint knows, and the next turn tells.
    if (outcome instanceof RolledBackError || outcome instanceof NotPendingError || world.signal.aborted) continue;
    failed = failedAgain(failed, read, outcome, world);
  }
}

function failedAgain(failed: Failed | null, { wish, section }: ReadWish, error: Error, world: WishesWorld): Failed {
  const id = idOf(wish);
  const why = error.message;
  // Who waits for a lock has nothing to tell yet.
  if (!(error instanceof LockedError)) {
    const status = error instanceof UnfinishedError ? 'failed' : 'refused';
    world.tell({ status, why, wish, desiredBytes: bytesOf(section) });
  }
  return { id, times: failed?.id === id ? failed.times + 1 : 1, atMs: world.now().uptimeMs, why };
}

/** @returns milliseconds to rest, and whether what failed before is settled */
async function turn(
  { wish, section, fallback, confirmWithinMs }: ReadWish,
  failed: Failed | null,
  begunMs: number,
  world: WishesWorld,
): Promise<{ readonly restMs: number; readonly isDone: boolean }> {
  const checkpoint = await world.checkpoint();
  const now = world.now();
  const next: Next = decide({
    wish,
    fallback: checkpoint.good === null ? await fallback() : NOTHING,
    checkpoint,
    now,
    judgeable: (await world.baseline.read())?.revision ?? null,
    sinceStartMs: now.uptimeMs - begunMs,
    failed: failed === null ? null : { ...failed, agoMs: now.uptimeMs - failed.atMs },
  });
  const tell = (told: Pick<Told, 'status' | 'why'>) =>
    world.tell({
      ...told,
      ...('problems' in wish ? { problems: wish.problems } : {}),
      wish,
      desiredBytes: bytesOf(section),
    });
  const isStale = async () => {
    const newest = await world.read().catch(toError);
    return !(newest instanceof Error) && idOf(newest.wish) !== idOf(wish);
  };
  switch (next.do) {
    case 'rest':
      if (checkpoint.underway === null) await world.baseline.forget();
      tell(next.why === undefined ? { status: next.status } : { status: next.status, why: next.why });
      return { restMs: RE_READ_MS, isDone: true };
    case 'wait':
      return { restMs: next.milliseconds, isDone: false };
    case 'apply': {
      tell({ status: 'applying' });
      const deadline = await begin(next.goal, confirmWithinMs, world);
      if (deadline !== null) await settle(next.goal, deadline, isStale, world);
      return { restMs: 0, isDone: true };
    }
    case 'settle':
      tell({ status: 'applying' });
      await settle(next.goal, next.deadline, isStale, world);
      return { restMs: 0, isDone: true };
  }
}

const NOTHING: WishAnswer = { kind: 'nothing' };
const idOf = (wish: WishAnswer): string => (wish.kind === 'nothing' ? '' : wish.id);
const bytesOf = (section: unknown): number => (section === undefined ? 0 : jsonBytes(section));
const toError = (thrown: unknown): Error => (thrown instanceof Error ? thrown : new Error(String(thrown)));
