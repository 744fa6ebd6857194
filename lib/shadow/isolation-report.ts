import type { Revision } from '../policy/index.ts';
import type { Drop } from '../truck/drops.ts';
import type { Matrix, MatrixRow, Observed, Outcome } from '../truck/judge.ts';
import type { BypassRow, BypassTable } from '../truck/judge-bypasses.ts';
import { cut, fitLists } from './fit.ts';
import { ISOLATION_BYTES } from './limits.ts';
import { isoTime } from './network-report.ts';

export type Verdict = Matrix['verdict'];

/** Which evidence the report is about. */
export interface EvidenceReference {
  /** SHA-256 of the whole, hexadecimal. */
  readonly sha256: string;
  readonly parts: number;
}

/** What the isolation tester tells, before it is made to fit. Times are milliseconds since 1970. */
export interface IsolationState {
  /** Which policy's promises were measured. */
  readonly revision: Revision;
  readonly matrix: Matrix;
  /** If ways round it were tried. */
  readonly bypasses?: BypassTable;
  /** What was dropped in the last hour, besides the probes of measurements; the most packets first. */
  readonly drops?: readonly Drop[];
  readonly measuredAt: number;
  /** When it will be measured again, if nothing happens before. */
  readonly nextAt?: number;
  readonly evidence?: EvidenceReference;
  /** Version of the isolation tester. */
  readonly agent: string;
}

/** A pair that is not as the policy promises, or a way round that is not closed. */
export interface Failing {
  readonly from: string;
  readonly to: string;
  /** `icmp`, `tcp/443`, or the kind of a bypass. */
  readonly probe: string;
  readonly expected: 'reachable' | 'isolated' | 'closed';
  readonly observed: Observed | BypassRow['verdict'];
  readonly outcome: Exclude<Outcome, 'as-expected'>;
  readonly reason: string;
}

/** `reported` of the shadow `isolation`. Times are ISO 8601. */
export interface IsolationReported {
  readonly revision: Revision;
  /** Of matrix and bypasses together: an open bypass is a breach. */
  readonly verdict: Verdict;
  readonly counts: Matrix['counts'];
  readonly bypasses?: { readonly closed: number; readonly open: number; readonly inconclusive: number };
  /** The first ones, breaches first. */
  readonly failing?: readonly Failing[];
  readonly moreFailing?: number;
  readonly drops?: readonly Pick<Drop, 'from' | 'to' | 'probe' | 'packets'>[];
  readonly moreDrops?: number;
  readonly measuredAt: string;
  readonly nextAt?: string;
  readonly evidence?: EvidenceReference;
  readonly agent: string;
}

/** A truck's own `firebreak drops` shows all. */
const MOST_DROPS = 10;
/** Bytes of JSON. */
const REASON = 200;
const NAME = 64;
const AGENT = 48;

/** What is reported of a measurement, however large the matrix. */
export function isolationReported(state: IsolationState): IsolationReported {
  const { revision, matrix, bypasses, measuredAt, nextAt, evidence, agent } = state;
  const document: IsolationReported = {
    revision,
    verdict: verdictOf(matrix, bypasses),
    counts: matrix.counts,
    ...(bypasses && { bypasses: tally(bypasses) }),
    measuredAt: isoTime(measuredAt),
    ...(nextAt !== undefined && { nextAt: isoTime(nextAt) }),
    ...(evidence && { evidence }),
    agent: cut(agent, AGENT),
  };
  const failing = [...matrix.rows.flatMap(failingRow), ...(bypasses?.rows.flatMap(failingBypass) ?? [])];
  const items = (['breach', 'outage', 'inconclusive'] as const).flatMap((wanted) =>
    failing.filter(({ outcome }) => outcome === wanted),
  );
  const drops = (state.drops ?? []).map(({ from, to, probe, packets }) => ({
    ...{ from: cut(from, NAME), to: cut(to, NAME), probe: cut(probe, NAME), packets },
  }));
  const lists = [
    { key: 'failing', moreKey: 'moreFailing', items },
    { key: 'drops', moreKey: 'moreDrops', items: drops.slice(0, MOST_DROPS) },
  ];
  const fitted = fitLists(document, lists, ISOLATION_BYTES);
  const more = (fitted.moreDrops ?? 0) + Math.max(0, drops.length - MOST_DROPS);
  return { ...fitted, ...(more > 0 && { moreDrops: more }) };
}

/** The worst of both. Bypasses that were not tried say nothing. */
export function verdictOf({ verdict }: Matrix, bypasses?: Pick<BypassTable, 'verdict'>): Verdict {
  if (bypasses?.verdict === 'open') return 'breached';
  return bypasses?.verdict === 'inconclusive' && verdict === 'isolated' ? 'inconclusive' : verdict;
}

function tally({ rows }: BypassTable): NonNullable<IsolationReported['bypasses']> {
  const count = (verdict: BypassRow['verdict']) => rows.filter((row) => row.verdict === verdict).length;
  return { closed: count('closed'), open: count('open'), inconclusive: count('inconclusive') };
}

function failingRow({ expectation, observed, outcome, reason }: MatrixRow): readonly Failing[] {
  if (outcome === 'as-expected') return [];
  const { from, to, probe, verdict } = expectation;
  const name = probe.protocol === 'icmp' ? 'icmp' : `${probe.protocol}/${probe.port}`;
  return [shortened({ from, to, probe: name, expected: verdict, observed, outcome, reason })];
}

function failingBypass({ attempt, verdict, reason }: BypassRow): readonly Failing[] {
  if (verdict === 'closed') return [];
  const { from, aim, kind } = attempt;
  const outcome = verdict === 'open' ? 'breach' : 'inconclusive';
  return [shortened({ from, to: aim, probe: kind, expected: 'closed', observed: verdict, outcome, reason })];
}

function shortened({ from, to, probe, reason, ...rest }: Failing): Failing {
  return { from: cut(from, NAME), to: cut(to, NAME), probe: cut(probe, NAME), ...rest, reason: cut(reason, REASON) };
}
