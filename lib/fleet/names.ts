/** The names on which the fleet's stacks, its trucks and the command line agree. Plain constants: nothing is read, nothing done. */

/** The type of all things that are trucks. */
export const THING_TYPE = 'firebreak-truck';
/** The thing group of all trucks. */
export const FLEET_GROUP = 'firebreak-fleet';
/** Rollouts go from ring to ring, in this order; each truck is in one. */
export const RINGS = ['canary', 'early', 'fleet'] as const;
export type Ring = (typeof RINGS)[number];
/** The thing group of a ring's trucks. */
export const ringGroup = (ring: Ring): string => `firebreak-ring-${ring}`;

/** The DynamoDB table of the serials that may provision themselves; its partition key, and what else the command line writes. */
export const ALLOW_LIST = { table: 'firebreak-allow-list', key: 'serial', ring: 'ring', addedAt: 'addedAt' } as const;
/** The template by which a truck gets its identity, and its parameters. */
export const PROVISIONING_TEMPLATE = 'firebreak-truck';
export const TEMPLATE_PARAMETERS = { serial: 'SerialNumber' } as const;
/** The IoT policy of claim certificates: provisioning, and nothing else. */
export const CLAIM_POLICY = 'firebreak-claim';
/** By which a truck gets credentials for its artifacts. */
export const ROLE_ALIAS = 'firebreak-truck';

/** The fields of the fleet index by which trucks are counted; as fields to aggregate by they are custom fields of the indexing configuration. */
export const INDEX_FIELDS = {
  verdict: 'shadow.name.isolation.reported.verdict',
  status: 'shadow.name.network.reported.status',
  revision: 'shadow.name.network.reported.revision.id',
} as const;

/**
 * Where evidence is archived: in the bucket's folder of the day (UTC) on which it arrived, objects of JSON lines (gzip, if the name ends with .gz), each
 * line one message as it was published.
 */
export const evidenceFolder = (day: Date): string => {
  const [year, month, date] = day.toISOString().slice(0, 10).split('-');
  return `evidence/year=${year}/month=${month}/day=${date}/`;
};
