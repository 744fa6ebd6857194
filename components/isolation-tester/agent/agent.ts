import { unwatchFile, watchFile } from 'node:fs';
import { join } from 'node:path';
import { Bell } from '../../host/bell.ts';
import { type Health, healthAfter } from '../../host/health.ts';
import { say, sayError } from '../../host/say.ts';
import type { Surroundings } from '../../host/surroundings.ts';
import { ask } from '../../host/worker.ts';
import { type Goal, readCheckpoint } from '../../network-manager/checkpoint.ts';
import { inForce } from '../../network-manager/provisional.ts';
import { stateDirectory } from '../../network-manager/truck.ts';
import { newsOf, unmeasured } from './isolation-news.ts';
import type { MeasureAnswer, MeasureQuestion } from './measure-evidence.ts';
import { Outbox } from './outbox.ts';
import { isBypassTime, measureAt, measuredNow, NOTHING_MEASURED, TEST_PACE } from './schedule.ts';
import { TesterLink } from './tester-link.ts';

/** The largest matrix with its bypasses, on a small computer. */
const MEASURE_WITHIN_MS = 300_000;
/** How often it is looked whether another policy is in force. */
const LOOK_EVERY_MS = 1000;

/**
 * The isolation tester as it runs on a truck: measures what is in force again and again, and at once what comes into force. What it found is
 * told as soon as there is somebody to tell.
 * @param worker path of the program of worker.ts
 */
export async function runTester(own: Surroundings, worker: string, signal: AbortSignal): Promise<void> {
  const { checkpoint } = stateDirectory(own.stateRoot);
  const present = () => readCheckpoint(checkpoint).then(inForce, unreadable);
  const outbox = new Outbox(join(own.stateRoot, 'evidence'));
  const bell = new Bell();
  let pace = TEST_PACE;
  const paced = (next: typeof pace) => {
    pace = next;
    bell.ring();
  };
  const thing = process.env.SVCUID === undefined ? null : own.thing;
  const link =
    thing === null ? null : new TesterLink({ thing, outbox, paced, say: (event, why) => say(event, { why }) });
  const linked = link?.run(signal);
  // What an earlier life has left.
  link?.sendEvidence(signal);
  watchFile(checkpoint, { interval: LOOK_EVERY_MS }, () => bell.ring());

  const begun = performance.now();
  let health: Health = 'starting';
  const becomes = (outcome: 'well' | 'failed') => {
    const now = healthAfter(health, outcome, performance.now() - begun);
    if (now === health || now === 'starting') return;
    health = now;
    say('health', { health });
    void link?.tellHealth(now, signal).catch(sayError);
  };

  let known = '';
  const tell = async ({ reported, parts }: MeasureAnswer) => {
    const news = newsOf(reported);
    say('measured', { revision: reported.revision.id, verdict: reported.verdict, ...reported.counts });
    if (news.key === known) return;
    known = news.key;
    if (parts.length > 0) await outbox.add(parts.map((part) => JSON.stringify(part)));
    link?.sendEvidence(signal);
    link?.tell(news);
  };

  let schedule = NOTHING_MEASURED;
  while (!signal.aborted) {
    const goal = await present();
    schedule = { ...schedule, revision: goal?.revision ?? null };
    const waitMs = measureAt(schedule, pace) - performance.now();
    if (goal === null || waitMs > 0) {
      // Nothing to measure is nothing wrong.
      if (goal === null) becomes('well');
      await bell.wait(waitMs, signal);
      continue;
    }
    const bypasses = isBypassTime(schedule, pace, performance.now());
    const question: MeasureQuestion = {
      document: goal.document,
      bypasses,
      thing: own.thing ?? '',
      everyMs: pace.everyMs,
    };
    const answer = await ask<MeasureAnswer>(worker, 'measure', question, MEASURE_WITHIN_MS).catch(toError);
    if (signal.aborted) break;
    const failed = answer instanceof Error;
    const isStillSo = isSame(goal, await present());
    // What was changed meanwhile was measured as neither the one nor the other.
    if (!isStillSo) continue;
    schedule = measuredNow(schedule, goal.revision, performance.now(), { failed, bypasses });
    if (failed) say('not-measured', { why: answer.message });
    becomes(failed ? 'failed' : 'well');
    await tell(
      failed ? { reported: unmeasured(goal.revision, answer.message, Date.now(), own.version), parts: [] } : answer,
    ).catch(sayError);
  }
  unwatchFile(checkpoint);
  await linked;
}

const isSame = (goal: Goal, other: Goal | null): boolean => goal.revision === other?.revision;
/** The network manager says so, too. What isn't known to be in force can't be measured. */
function unreadable(error: unknown): null {
  sayError(error);
  return null;
}

const toError = (thrown: unknown): Error => (thrown instanceof Error ? thrown : new Error(String(thrown)));
