import { INDEX_FIELDS, thingType } from '../names.ts';

const { verdict: VERDICT_FIELD, status: STATUS_FIELD } = INDEX_FIELDS;

/** What is asked of the fleet's index, again and again, as groups and numbers. A query knows no time: how old a verdict is it can't ask. */
const CONDITIONS = {
  isolated: `${VERDICT_FIELD}:isolated`,
  breached: `${VERDICT_FIELD}:breached`,
  outage: `${VERDICT_FIELD}:outage`,
  /** There, but neither proved nor disproved: never measured, or the measurement itself failed. */
  unproved: `connectivity.connected:true AND NOT ${VERDICT_FIELD}:isolated AND NOT ${VERDICT_FIELD}:breached AND NOT ${VERDICT_FIELD}:outage`,
  rolledback: `${STATUS_FIELD}:"rolled-back"`,
  failed: `${STATUS_FIELD}:failed`,
  offline: 'connectivity.connected:false',
} as const;
export type Condition = keyof typeof CONDITIONS;
export const CONDITION_NAMES = Object.keys(CONDITIONS) as readonly Condition[];

/** Those trucks of a stage, in the query language of fleet indexing. */
export const truckQuery = (stage: string, condition: Condition): string =>
  `thingTypeName:${thingType(stage)} AND ${CONDITIONS[condition]}`;
