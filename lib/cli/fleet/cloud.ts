import type { Ring } from '../../fleet/names.ts';
import type { ShadowName } from '../../shadow/index.ts';
import type { Shadow } from '../truck/cloud.ts';

/** A truck as the fleet index has it: what it last reported, and a moment ago at most what is desired of it. */
export interface IndexedTruck {
  readonly thing: string;
  readonly groups: readonly string[];
  /** undefined: it was never connected, or that isn't indexed. */
  readonly connected?: boolean;
  readonly network: Shadow | null;
  readonly isolation: Shadow | null;
}

/** The account that a fleet lives in: AWS, or a lab's. Every call ends by itself after a while, and is tried again when the cloud says so. */
export interface FleetCloud {
  readonly index: FleetIndex;
  readonly shadows: FleetShadows;
  readonly rollouts: FleetRollouts;
  readonly trucks: FleetTrucks;
  readonly archive: FleetArchive;
  readonly close: () => void;
}

/** Queries are in AWS IoT's query syntax. All may throw CloudError. */
export interface FleetIndex {
  readonly count: (query: string) => Promise<number>;
  /** How many trucks have which value of a field; those without one are left out. */
  readonly tally: (query: string, field: string) => Promise<ReadonlyMap<string, number>>;
  readonly search: (query: string) => AsyncIterable<IndexedTruck>;
}

export interface FleetShadows {
  /** Names of a group's trucks, those of the groups below it included. The registry's word: the index comes later. */
  readonly trucksIn: (group: string) => AsyncIterable<string>;
  /** null: there is none yet. */
  readonly read: (thing: string, shadow: ShadowName) => Promise<Shadow | null>;
  /** @param version the one it was made for; undefined: there was no shadow. @throws CloudError, `conflict` when somebody else was quicker */
  readonly updateDesired: (
    thing: string,
    shadow: ShadowName,
    update: Readonly<Record<string, unknown>>,
    version: number | undefined,
  ) => Promise<number>;
}

/** Rollouts: deployments to the thing group of a ring. All may throw CloudError. */
export interface FleetRollouts {
  /** The group's newest; null: there was none. */
  readonly latest: (group: string) => Promise<Rollout | null>;
  readonly get: (id: string) => Promise<Rollout>;
  /**
   * Starts another, in all but its components like an earlier one. @param token makes a repeated request the same one
   * @returns its id
   */
  readonly start: (group: string, like: Rollout, components: Components, token: string) => Promise<string>;
  readonly cancel: (id: string) => Promise<void>;
  readonly counts: (jobId: string) => Promise<RolloutCounts>;
  readonly failed: (jobId: string) => AsyncIterable<{ readonly thing: string; readonly status: string }>;
}

/** By component: version, and what else Greengrass is told of it. */
export type Components = Readonly<Record<string, { readonly componentVersion?: string }>>;

export interface Rollout {
  readonly id: string;
  readonly jobId: string;
  /** Greengrass's word: ACTIVE, CANCELED, INACTIVE (another came after), COMPLETED, FAILED. */
  readonly status: string;
  readonly name?: string;
  /** ISO 8601. */
  readonly createdAt?: string;
  readonly components: Components;
  /** Rate, abort criteria, time limit, policies and tags, as Greengrass takes them. */
  readonly settings: unknown;
}

/** Trucks by where they stand with a rollout. */
export interface RolloutCounts {
  readonly isCancelled: boolean;
  /** Why it was, in IoT's words. */
  readonly reason?: string;
  readonly queued: number;
  readonly inProgress: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly timedOut: number;
  readonly rejected: number;
  readonly cancelled: number;
}

/** Trucks to come. All may throw CloudError. */
export interface FleetTrucks {
  readonly hasDepot: (name: string) => Promise<boolean>;
  /** Into the allow-list. @returns false: it was there, and stays as it was */
  readonly allow: (serial: string, place: Place) => Promise<boolean>;
  /** A certificate with which trucks may ask for their own, and do nothing else. */
  readonly newClaim: () => Promise<Claim>;
  readonly endpoints: () => Promise<FleetEndpoints>;
}

/** Where a truck belongs. */
export interface Place {
  readonly ring: Ring;
  readonly depot?: string;
}

/** PEM. */
export interface Claim {
  readonly certificate: string;
  readonly privateKey: string;
}

/** Where trucks go: host names. */
export interface FleetEndpoints {
  readonly region: string;
  readonly data: string;
  readonly credentials: string;
}

/** The archive of evidence. All may throw CloudError. */
export interface FleetArchive {
  /** Names of a folder's objects, in order. */
  readonly objects: (bucket: string, folder: string) => AsyncIterable<string>;
  /** An object's text, unpacked. */
  readonly read: (bucket: string, name: string) => Promise<string>;
}
