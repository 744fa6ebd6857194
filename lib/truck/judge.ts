import type { Expectation, Observation } from './expectation.ts';

/** What one probe showed. Only dropped and rejected count as isolated. */
export type Observed = 'reachable' | 'no-listener' | 'rejected' | 'dropped' | 'probe-failed';

/** What expected and observed come to. */
export type Outcome = 'as-expected' | 'breach' | 'outage' | 'inconclusive';

export interface MatrixRow {
  readonly expectation: Expectation;
  readonly observation?: Observation;
  readonly observed: Observed;
  readonly outcome: Outcome;
  /** Why, in words. */
  readonly reason: string;
}

export interface Matrix {
  readonly rows: readonly MatrixRow[];
  readonly counts: Readonly<Record<Outcome, number>>;
  /** A breach outweighs an outage, an outage what is inconclusive. */
  readonly verdict: 'isolated' | 'breached' | 'outage' | 'inconclusive';
}

/**
 * What the matrix comes to: each expectation against what was observed. Fails closed: what can't be told is not isolated.
 * @param controls probes of which nothing is promised, only that their targets are there
 */
export function judge(
  expectations: readonly Expectation[],
  observations: readonly Observation[],
  controls: readonly Expectation[] = [],
): Matrix {
  const byId = new Map(observations.map((observation) => [observation.id, observation]));
  const alive = aliveTargets([...expectations, ...controls], byId);
  const rows = expectations.map((expectation) => judgeRow(expectation, byId.get(expectation.id), alive));
  const counts = { 'as-expected': 0, breach: 0, outage: 0, inconclusive: 0 };
  for (const { outcome } of rows) counts[outcome]++;
  const verdict =
    counts.breach > 0
      ? 'breached'
      : counts.outage > 0
        ? 'outage'
        : counts.inconclusive > 0
          ? 'inconclusive'
          : 'isolated';
  // Nothing measured is nothing proved.
  return { rows, counts, verdict: rows.length === 0 ? 'inconclusive' : verdict };
}

/** The positive control: targets that got or answered somebody's probe in this very run. Only their silence means something. */
function aliveTargets(
  expectations: readonly Expectation[],
  byId: ReadonlyMap<string, Observation>,
): ReadonlySet<string> {
  return new Set(
    expectations
      .filter((expectation) => provesAlive(byId.get(expectation.id)))
      .map((expectation) => targetKey(expectation)),
  );
}

function provesAlive(observation: Observation | undefined): boolean {
  if (observation === undefined || observation.error !== undefined || observation.arrived === false) return false;
  return observation.arrived === true || observation.reply === 'answer' || observation.reply === 'refused';
}

function targetKey({ to, address }: Expectation): string {
  return `${to} ${address}`;
}

function judgeRow(
  expectation: Expectation,
  observation: Observation | undefined,
  alive: ReadonlySet<string>,
): MatrixRow {
  if (observation === undefined)
    return row(expectation, undefined, 'probe-failed', 'inconclusive', 'it was not measured');
  const observed = observedOf(observation);
  const say = (outcome: Outcome, reason: string) => row(expectation, observation, observed, outcome, reason);
  const leak = leakOf(observation);
  // What arrived or was answered has been so, whatever else went wrong.
  if (expectation.verdict === 'isolated' && leak !== null) return say('breach', leak);
  if (observation.error !== undefined) return say('inconclusive', observation.error);
  return expectation.verdict === 'isolated'
    ? judgeSilence(alive.has(targetKey(expectation)), expectation, say)
    : judgeReachable(observation, expectation, say);
}

type Say = (outcome: Outcome, reason: string) => MatrixRow;

/** What shows that something got through, in words; null: nothing does. */
function leakOf({ arrived, reply }: Observation): string | null {
  if (reply === 'answer' || reply === 'refused') {
    if (arrived === null) return 'it answered';
    return arrived ? 'it arrived and was answered' : 'somebody answered for it';
  }
  return arrived === true ? 'it arrived, though no answer came back' : null;
}

function judgeSilence(isAlive: boolean, { address }: Expectation, say: Say): MatrixRow {
  return isAlive
    ? say('as-expected', 'nothing arrived and nothing came back')
    : say('inconclusive', `nobody had an answer from ${address} in this run, so its silence proves nothing`);
}

function judgeReachable({ reply, arrived }: Observation, { probe }: Expectation, say: Say): MatrixRow {
  if (reply === 'answer' || reply === 'refused') {
    return arrived === false
      ? say('outage', 'it did not arrive: somebody else answered')
      : say('as-expected', 'it was answered');
  }
  if (arrived === true) {
    // A datagram needs no answer.
    return probe.protocol === 'udp'
      ? say('as-expected', 'it arrived')
      : say('outage', 'it arrived, but nothing came back');
  }
  return say('outage', reply === 'rejected' ? 'it was rejected on the way' : 'nothing arrived and nothing came back');
}

function observedOf({ error, arrived, reply }: Observation): Observed {
  if (reply === 'answer') return 'reachable';
  if (reply === 'refused') return 'no-listener';
  if (arrived === true) return 'reachable';
  if (error !== undefined) return 'probe-failed';
  return reply === 'rejected' ? 'rejected' : 'dropped';
}

function row(
  expectation: Expectation,
  observation: Observation | undefined,
  observed: Observed,
  outcome: Outcome,
  reason: string,
): MatrixRow {
  return { expectation, ...(observation === undefined ? {} : { observation }), observed, outcome, reason };
}
