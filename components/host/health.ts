/** What the nucleus is told of this component: RUNNING only when it does what it is for. */
export type Health = 'starting' | 'RUNNING' | 'ERRORED';

/** The nucleus gives a component's start 120 s; by then it has been told what is wrong. Milliseconds. */
const ESTABLISHED_WITHIN_MS = 90_000;

/** Pure. Once it was established, what goes wrong is the component's to mend and the shadow's to tell: a restart would mend nothing. */
export function healthAfter(health: Health, outcome: 'well' | 'failed', sinceStartMs: number): Health {
  if (health === 'RUNNING' || outcome === 'well') return 'RUNNING';
  return sinceStartMs > ESTABLISHED_WITHIN_MS ? 'ERRORED' : health;
}
