/** Names that truck, command line and stacks have to agree on. Nothing is read here, and nothing done. */

/** The order in which a release goes round: each truck is in one ring. */
export const RINGS = ['canary', 'early', 'fleet'] as const;
export type Ring = (typeof RINGS)[number];
/** Of a truck of which nothing else is said. */
export const LAST_RING = 'fleet' satisfies Ring;

/** The stage that is meant when none is named, by `cdk` and by `firebreak fleet` alike. */
export const DEFAULT_STAGE = 'dev';
export const STAGE_PATTERN = '^[a-z][a-z0-9]{0,15}$';

/** Trucks' names begin with it; claim certificates may not connect under such a name. */
export const TRUCK_PREFIX = 'truck-';
/** What a truck is called by its maker: nothing else may be part of a topic, a policy or a name. */
export const SERIAL_PATTERN = '^[A-Za-z0-9-]{1,32}$';

/** A truck's thing name. */
export const thingOf = (serial: string): string => `${TRUCK_PREFIX}${serial}`;

export const prefixOf = (stage: string): string => `firebreak-${stage}`;
/** The group that all trucks are in, by way of their ring. */
export const fleetGroup = (stage: string): string => `${prefixOf(stage)}-trucks`;
export const ringGroup = (stage: string, ring: Ring): string => `${prefixOf(stage)}-ring-${ring}`;
/** What a place is called at which trucks are at home: part of a group's name. */
export const DEPOT_PATTERN = '^[a-z0-9][a-z0-9-]{0,23}$';
/**
 * Above the groups of all depots; in it are the trucks that have none. Beside the fleet's group, not below it: AWS IoT takes a thing into one group of a
 * hierarchy only, and that is its ring.
 */
export const depotsGroup = (stage: string): string => `${prefixOf(stage)}-depots`;
export const depotGroup = (stage: string, depot: string): string => `${prefixOf(stage)}-depot-${depot}`;
export const thingType = (stage: string): string => `${prefixOf(stage)}-truck`;
export const provisioningTemplate = (stage: string): string => `${prefixOf(stage)}-truck`;
/** The IoT policy of claim certificates: provisioning, and nothing else. */
export const claimPolicyName = (stage: string): string => `${provisioningTemplate(stage)}-claim`;
export const roleAlias = (stage: string): string => `${prefixOf(stage)}-token-exchange`;
/** Its items: `serial`, `claimsLeft`, and `ring` and `depot`, if they aren't the last one and none. */
export const allowListTable = (stage: string): string => `${prefixOf(stage)}-allow-list`;
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
  const [year = '', month = '', date = ''] = day.toISOString().slice(0, 10).split('-');
  return folderOf(year, month, date);
};
const folderOf = (year: string, month: string, day: string) => `evidence/year=${year}/month=${month}/day=${day}/`;
/** The same as Amazon Data Firehose writes it (its custom prefixes for S3 objects; times are UTC there). */
export const EVIDENCE_PREFIX = folderOf('!{timestamp:yyyy}', '!{timestamp:MM}', '!{timestamp:dd}');

/** Below it lie artifacts in their bucket, as NAME/VERSION/FILE. */
export const ARTIFACT_PREFIX = 'components';
