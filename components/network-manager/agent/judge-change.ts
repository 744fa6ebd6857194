import type { Outcome } from '../../../lib/truck/judge.ts';
import { INTERNET } from '../../../lib/truck/network.ts';

/** A row of a matrix, as short as judging a change needs it. */
export interface MeasuredRow {
  /** The expectation's. */
  readonly id: string;
  readonly from: string;
  readonly to: string;
  readonly verdict: 'reachable' | 'isolated';
  readonly outcome: Outcome;
  readonly reason: string;
  /** Both ends are containers, or the router: nobody else can be to blame. */
  readonly isInside: boolean;
}

/** What was well before the change: what may be asked of it afterwards. */
export interface Baseline {
  /** Ids of the expectations that were reachable, as promised. */
  readonly reachable: readonly string[];
  readonly internet: boolean;
  /** Did the truck reach the cloud? */
  readonly cloud: boolean;
}

export interface AfterChange {
  /** null: it could not be measured. */
  readonly rows: readonly MeasuredRow[] | null;
  /** Why not. */
  readonly problem?: string;
  readonly cloud: boolean;
  /** Containers that are to be adopted, and aren't there. */
  readonly absent: readonly string[];
}

/** `again`: it may yet be well; whoever has no time left for that rolls back. */
export type ChangeVerdict =
  | { readonly verdict: 'confirm' }
  | { readonly verdict: 'again' | 'roll-back'; readonly why: string };

export function baselineOf(rows: readonly MeasuredRow[], cloud: boolean): Baseline {
  const well = rows.filter(({ verdict, outcome }) => verdict === 'reachable' && outcome === 'as-expected');
  return { reachable: well.map(({ id }) => id), internet: well.some(({ to }) => to === INTERNET), cloud };
}

/** Nothing is known of what was before, so nothing that others could be to blame for is asked. */
export const NOTHING_WELL: Baseline = { reachable: [], internet: false, cloud: false };

/**
 * Whether a change may stay. A breach condemns at once. What is promised and doesn't work condemns if it worked before, or if it lies within the
 * truck alone; an internet, a device or a cloud that was away before doesn't.
 */
export function judgeChange(before: Baseline, { rows, problem, cloud, absent }: AfterChange): ChangeVerdict {
  if (rows === null) return again(`it could not be measured: ${problem ?? 'nobody knows why'}`);
  const breaches = rows.filter(({ outcome }) => outcome === 'breach');
  if (breaches.length > 0) return { verdict: 'roll-back', why: inWords('breach', breaches) };
  const missing = new Set(absent);
  const reachable = new Set(before.reachable);
  const concerns = ({ from, to }: MeasuredRow) => !missing.has(from) && !missing.has(to);
  const outages = rows.filter(
    (row) =>
      row.outcome === 'outage' &&
      concerns(row) &&
      (row.isInside || reachable.has(row.id) || (row.to === INTERNET && before.internet)),
  );
  if (outages.length > 0) return again(inWords('outage', outages));
  const unclear = rows.filter(
    (row) => row.outcome === 'inconclusive' && concerns(row) && (row.isInside || reachable.has(row.id)),
  );
  if (unclear.length > 0) return again(inWords('inconclusive', unclear));
  if (before.cloud && !cloud) return again('the cloud can’t be reached any more, and could before');
  return { verdict: 'confirm' };
}

const again = (why: string): ChangeVerdict => ({ verdict: 'again', why });

function inWords(what: string, rows: readonly MeasuredRow[]): string {
  const shown = rows.slice(0, 3).map(({ id, reason }) => `${id}: ${reason}`);
  const more = rows.length - shown.length;
  return `${what}: ${shown.join('; ')}${more > 0 ? `; and ${more} more` : ''}`;
}
