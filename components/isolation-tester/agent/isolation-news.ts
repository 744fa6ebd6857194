import { revisionNamed } from '../../../lib/policy/revision.ts';
import { type IsolationReported, isolationReported } from '../../../lib/shadow/isolation-report.ts';
import { HEARTBEAT_MS, type Report } from '../../../lib/shadow/reporting.ts';

/** What is told of a measurement; equal ones count as news once an hour. */
export function newsOf(reported: IsolationReported): Report<Readonly<Record<string, unknown>>> {
  const { measuredAt, nextAt, evidence, bypasses, drops = [], moreDrops, ...rest } = reported;
  const hour = Math.floor(Date.parse(measuredAt) / HEARTBEAT_MS);
  // The bypasses aren't tried each time; that they were is no news.
  const ways = bypasses === undefined || (bypasses.open === 0 && bypasses.inconclusive === 0) ? null : bypasses;
  return {
    document: { ...reported },
    key: JSON.stringify([rest, ways, hour, droppedPairs(drops)]),
    headline: `${reported.revision.id} ${reported.verdict}`,
  };
}

/** A device that knocks at every address is one piece of news, not thousands. */
function droppedPairs(drops: NonNullable<IsolationReported['drops']>): readonly string[] {
  const nameOf = (end: string) => /^[a-z][\w@-]*/.exec(end)?.[0] ?? 'elsewhere';
  return [...new Set(drops.map(({ from, to }) => `${nameOf(from)} ${nameOf(to)}`))].sort();
}

/** What is told when nothing could be measured: that nothing is proved. */
export function unmeasured(revision: string, why: string, measuredAt: number, agent: string): IsolationReported {
  const counts = { 'as-expected': 0, breach: 0, outage: 0, inconclusive: 0 };
  const matrix = { rows: [], counts, verdict: 'inconclusive' } as const;
  const reported = isolationReported({ revision: revisionNamed(revision), matrix, measuredAt, agent });
  const nobody = { from: 'truck', to: 'truck', probe: 'measurement', expected: 'reachable' } as const;
  const failing = { ...nobody, observed: 'probe-failed', outcome: 'inconclusive', reason: why.slice(0, 200) } as const;
  return { ...reported, failing: [failing] };
}
