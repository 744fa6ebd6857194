import type { WatchReport } from '../watch.ts';

/** What the nucleus is told of this component: RUNNING only when what is in force is really in force. */
export type Health = 'starting' | 'RUNNING' | 'ERRORED';

/** The nucleus gives a component's start 120 s; by then it has been told what is wrong. Milliseconds. */
const ESTABLISHED_WITHIN_MS = 90_000;

/** Pure. Once it was established, what goes wrong is the watch's to mend and the shadow's to tell: a restart would mend nothing. */
export function healthAfter(health: Health, report: WatchReport['event'], sinceStartMs: number): Health {
  if (health === 'RUNNING' || report === 'as-desired' || report === 'repaired') return 'RUNNING';
  const hasFailed = report === 'failed' || report === 'obstructed';
  return hasFailed && sinceStartMs > ESTABLISHED_WITHIN_MS ? 'ERRORED' : health;
}
