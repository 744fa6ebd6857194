import type { Ring } from './config/schema.ts';

/** Names that truck, command line and stacks have to agree on. */

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
export const thingType = (stage: string): string => `${prefixOf(stage)}-truck`;
export const provisioningTemplate = (stage: string): string => `${prefixOf(stage)}-truck`;
export const roleAlias = (stage: string): string => `${prefixOf(stage)}-token-exchange`;
export const allowListTable = (stage: string): string => `${prefixOf(stage)}-allow-list`;
/** Below it lie artifacts in their bucket, as NAME/VERSION/FILE. */
export const ARTIFACT_PREFIX = 'components';
