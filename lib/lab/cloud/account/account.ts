import { createHash } from 'node:crypto';
import type { Deployment } from './greengrass/deployment.ts';
import type { Job } from './jobs/job.ts';

/** A thing in the registry. Plain JSON, as everything in here. */
export interface Thing {
  readonly name: string;
  readonly id: string;
  readonly type?: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly version: number;
  readonly groups: readonly string[];
}

/** Of a thing's MQTT connection; milliseconds since 1970. */
export interface Connectivity {
  readonly connected: boolean;
  readonly timestamp: number;
}

export interface ThingGroup {
  readonly name: string;
  readonly id: string;
  readonly parent?: string;
  readonly description?: string;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
}

export interface Table {
  readonly name: string;
  /** The partition key; there is no sort key. */
  readonly key: string;
  readonly items: Map<string, Item>;
}

/** As DynamoDB writes it: `{ serial: { S: '…' } }`. */
export type Item = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

export interface Certificate {
  readonly id: string;
  readonly pem: string;
  readonly active: boolean;
  readonly policies: readonly string[];
}

/** What the lab's AWS account holds, beside shadows. */
export class Account {
  readonly things = new Sorted<Thing>();
  readonly groups = new Sorted<ThingGroup>();
  /** By thing, as far as it is known. It isn't kept beyond the process: connections aren't. */
  readonly connectivity = new Map<string, Connectivity>();
  readonly jobs = new Map<string, Job>();
  /** The newest last. */
  readonly deployments: Deployment[] = [];
  readonly tables = new Map<string, Table>();
  /** Objects by name, by bucket. They aren't kept beyond the process. */
  readonly buckets = new Map<string, Map<string, Buffer>>();
  readonly certificates = new Map<string, Certificate>();
  readonly policies = new Set<string>();
  /** Of the indexing configuration: the fields by which may be aggregated. */
  readonly customFields = new Set<string>();
}

/** A map that is gone through in the order of its keys. */
export class Sorted<Value> {
  readonly #values = new Map<string, Value>();
  #keys: string[] | null = null;

  get(key: string): Value | undefined {
    return this.#values.get(key);
  }

  has(key: string): boolean {
    return this.#values.has(key);
  }

  set(key: string, value: Value): void {
    if (!this.#values.has(key)) this.#keys = null;
    this.#values.set(key, value);
  }

  *values(): Iterable<Value> {
    this.#keys ??= [...this.#values.keys()].sort();
    for (const key of this.#keys) yield this.#values.get(key) as Value;
  }
}

export const REGION = 'lab-1';
export const ACCOUNT_ID = '000000000000';
export const arn = (service: string, resource: string): string =>
  `arn:aws:${service}:${REGION}:${ACCOUNT_ID}:${resource}`;

/** An identifier that follows from what it is for. */
export function idOf(...parts: readonly string[]): string {
  const hex = createHash('sha256').update(parts.join('\0')).digest('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join('-');
}
