import { describe, type Obstacle, type Step } from '../../lib/truck/steps.ts';
import { Bell } from '../host/bell.ts';
import { type Agenda, beginLook, dueAt, EMPTY_AGENDA, encourage, endLook, notice, type Pace } from './agenda.ts';
import type { Applied } from './applied.ts';
import { ObstacleError } from './apply.ts';
import { backOff } from './back-off.ts';
import type { EventSource } from './events.ts';
import { supervise } from './supervise.ts';

/** What the watch says. Milliseconds. */
export type WatchReport =
  /** At the beginning, and after trouble: nothing is to be done. */
  | { readonly event: 'as-desired' }
  /** Something differs, and the first step is about to begin. `sinceMs`: from the first event (or the beginning of the look). */
  | { readonly event: 'noticed'; readonly steps: readonly Step[]; readonly sinceMs: number }
  /** `sinceMs`: from the first event (or the beginning of the look) to the end of the repair. */
  | { readonly event: 'repaired'; readonly steps: readonly Step[]; readonly sinceMs: number; readonly tookMs: number }
  | { readonly event: 'failed'; readonly why: string; readonly retryInMs: number }
  | { readonly event: 'obstructed'; readonly obstacles: readonly Obstacle[] }
  | { readonly event: 'source-lost'; readonly source: string; readonly why: string };

export interface WatchOptions {
  /** Observes, plans, says what it is going to do, does it, observes again; nothing to do is no steps. */
  readonly repair: (onPlan: (steps: readonly Step[]) => void) => Promise<Applied>;
  readonly sources: readonly EventSource[];
  readonly say: (report: WatchReport) => void;
  readonly pace: Pace;
  /** Ends it, after the repair that is going on. */
  readonly signal: AbortSignal;
}

/** Short enough that nobody waits for it, long enough for what one change of the kernel's or Docker's sets off. */
export const PACE: Pace = { quietMs: 100, latestMs: 1000, echoMs: 2000, fullLookMs: 60_000 };

/** Keeps the truck what it shall be until the signal comes; then it ends and leaves everything as it is. Never two repairs at once. */
export async function watch({ repair, sources, say, pace, signal }: WatchOptions): Promise<void> {
  let agenda = EMPTY_AGENDA;
  const bell = new Bell();
  const change = (next: (agenda: Agenda, now: number) => Agenda) => () => {
    agenda = next(agenda, performance.now());
    bell.ring();
  };
  const lost = (source: string, why: string) => say({ event: 'source-lost', source, why });
  const listening = supervise(sources, { noticed: change(notice), encouraged: change(encourage), lost }, signal);
  const tell = reporter(say);
  while (!signal.aborted) {
    const pauseMs = dueAt(agenda, pace) - performance.now();
    if (pauseMs > 0) {
      await bell.wait(pauseMs, signal);
      continue;
    }
    const begun = performance.now();
    const first = agenda.noticed?.first ?? begun;
    agenda = beginLook(agenda);
    const outcome = await look(() =>
      repair((steps) => say({ event: 'noticed', steps, sinceMs: performance.now() - first })),
    );
    const now = performance.now();
    agenda = endLook(agenda, now, isWell(outcome) ? 'well' : 'failed');
    // What was given up because of the signal is no failure.
    if (!(signal.aborted && outcome instanceof Error))
      tell(outcome, { sinceMs: now - first, tookMs: now - begun, retryInMs: backOff(agenda.failures) });
  }
  await listening;
}

type Outcome = Applied | Error;

async function look(repair: () => Promise<Applied>): Promise<Outcome> {
  try {
    return await repair();
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** An obstacle is for a human to remove; trying again and again doesn't help, and nothing was changed. */
function isWell(outcome: Outcome): boolean {
  return outcome instanceof Error ? outcome instanceof ObstacleError : outcome.drift.length === 0;
}

interface Times {
  readonly sinceMs: number;
  readonly tookMs: number;
  readonly retryInMs: number;
}

/** Says what came of a look: each repair and each failure; the same obstacles once, and once that all is well. */
function reporter(say: WatchOptions['say']): (outcome: Outcome, times: Times) => void {
  let known = '';
  return (outcome, times) => {
    const before = known;
    const report = reportOf(outcome, times);
    known = report.event === 'obstructed' ? JSON.stringify(report) : report.event === 'failed' ? 'failing' : 'well';
    const isOld = known === before && (report.event === 'as-desired' || report.event === 'obstructed');
    if (!isOld) say(report);
  };
}

function reportOf(outcome: Outcome, { sinceMs, tookMs, retryInMs }: Times): WatchReport {
  if (outcome instanceof ObstacleError) return { event: 'obstructed', obstacles: outcome.obstacles };
  if (outcome instanceof Error) return { event: 'failed', why: outcome.message, retryInMs };
  const { steps, drift } = outcome;
  if (drift.length > 0) {
    const why = `after ${steps.length} steps the truck still differs: ${drift.map(describe).join('; ')}`;
    return { event: 'failed', why, retryInMs };
  }
  return steps.length > 0 ? { event: 'repaired', steps, sinceMs, tookMs } : { event: 'as-desired' };
}
