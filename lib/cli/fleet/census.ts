import { INDEX_FIELDS, RINGS, type Ring } from '../../fleet/names.ts';
import { HEARTBEAT_MS } from '../../shadow/index.ts';
import type { FleetIndex } from './cloud.ts';
import { trucksWhere } from './where.ts';

/** What the fleet comes to, counted by the fleet index. */
export interface Census {
  readonly trucks: number;
  readonly verdicts: Verdicts;
  /** Of the proved: those that have been silent for longer than a proof is good for. */
  readonly silent: number;
  /** Of what is desired, as trucks report it; `none` hasn't reported. */
  readonly statuses: Readonly<Record<string, number>>;
  /** In force, the most frequent first; `none` has none. */
  readonly revisions: Readonly<Record<string, number>>;
  readonly rings: readonly { readonly ring: Ring; readonly trucks: number; readonly verdicts: Verdicts }[];
}

/** By verdict; `unmeasured` are those that have reported none. */
export type Verdicts = Readonly<Record<string, number>>;

/** A truck that reports nothing for so long isn't proved any more: what it measures it tells hourly at least. */
const PROOF_GOOD_FOR_MS = 2 * HEARTBEAT_MS;
const REPORTED_AT = 'shadow.name.isolation.metadata.reported.verdict.timestamp';

/** Some twelve requests, however large the fleet. @param now milliseconds since 1970. @throws CloudError */
export async function takeCensus(index: FleetIndex, stage: string, now: number): Promise<Census> {
  const fleet = trucksWhere(stage);
  const trucks = await index.count(fleet);
  const by = async (query: string, field: string, all: number, without: string) =>
    withRest(await index.tally(query, field), all, without);
  const oldest = Math.floor((now - PROOF_GOOD_FOR_MS) / 1000);
  const silent = await index.count(trucksWhere(stage, `verdict:isolated ${REPORTED_AT}<${oldest}`));
  const rings: Census['rings'][number][] = [];
  for (const ring of RINGS) {
    const query = trucksWhere(stage, `ring:${ring}`);
    const inRing = await index.count(query);
    rings.push({ ring, trucks: inRing, verdicts: await by(query, INDEX_FIELDS.verdict, inRing, 'unmeasured') });
  }
  return {
    trucks,
    verdicts: await by(fleet, INDEX_FIELDS.verdict, trucks, 'unmeasured'),
    silent,
    statuses: await by(fleet, INDEX_FIELDS.status, trucks, 'none'),
    revisions: await by(fleet, INDEX_FIELDS.revision, trucks, 'none'),
    rings,
  };
}

/** What was counted, the most frequent first, and how many are in none of it. */
export function withRest(counted: ReadonlyMap<string, number>, all: number, without: string): Record<string, number> {
  const entries = [...counted].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1));
  const rest = all - entries.reduce((sum, [, count]) => sum + count, 0);
  return Object.fromEntries(rest > 0 ? [...entries, [without, rest]] : entries);
}

/** How many trucks are proved isolated now; all others are not, for whatever reason. */
export function proved({ verdicts, silent }: Pick<Census, 'verdicts' | 'silent'>): number {
  return (verdicts.isolated ?? 0) - silent;
}
