import { createHash } from 'node:crypto';
import { type Subnet, toNumber, toSubnet } from './ipv4.ts';
import type { SegmentEntry } from './schema.ts';

/** A node that lives in a segment, with the address that its author gave it, if any. */
export interface Tenant {
  readonly name: string;
  readonly address?: string | undefined;
}

/** Who gets which address of a segment. What is missing did not fit. */
interface Assignment {
  readonly gateway?: number | undefined;
  readonly canary?: number | undefined;
  readonly tenants: ReadonlyMap<string, number>;
  readonly unplaced: readonly string[];
}

interface Pool {
  readonly from: number;
  readonly to: number;
}

/**
 * Gives everybody in a segment an address: fixed ones first, then the router's second address (the highest that is free outside
 * the pool), then the canary (the highest that is free in the pool, if the nodes leave one there), then the other nodes.
 *
 * A node without a fixed address starts at the place in the pool that the hash of its name points to, and takes the next free
 * one. So its address depends on its name and seldom on its neighbours: a new node moves another only if their places meet.
 */
export function assignAddresses(segment: SegmentEntry, tenants: readonly Tenant[]): Assignment {
  const subnet = toSubnet(segment.subnet);
  const pool = segment.pool && { from: toNumber(segment.pool.from), to: toNumber(segment.pool.to) };
  const placed = new Map<string, number>();
  for (const { name, address } of tenants) if (address !== undefined) placed.set(name, toNumber(address));
  const waiting = tenants.filter(({ address }) => address === undefined).map(({ name }) => name);

  const taken = new Set([toNumber(segment.router), ...placed.values()]);
  const take = (address: number | undefined) => {
    if (address !== undefined) taken.add(address);
    return address;
  };
  const gateway = take(segment.gateway === undefined ? highestOutside(subnet, pool, taken) : toNumber(segment.gateway));
  const spare = pool !== undefined && freeIn(pool, taken) > waiting.length;
  const canary = take(spare ? highestFree(pool.to, pool.from, taken) : highestOutside(subnet, pool, taken));

  const unplaced: string[] = [];
  for (const name of [...waiting].sort()) {
    const address = take(pool && freeFrom(pool, name, taken));
    if (address === undefined) unplaced.push(name);
    else placed.set(name, address);
  }
  return { gateway, canary, tenants: placed, unplaced };
}

function highestFree(top: number, bottom: number, taken: ReadonlySet<number>): number | undefined {
  for (let address = top; address >= bottom; address--) if (!taken.has(address)) return address;
  return undefined;
}

/** The highest free address between network and broadcast address that is not in the pool. */
function highestOutside(subnet: Subnet, pool: Pool | undefined, taken: ReadonlySet<number>): number | undefined {
  const [top, bottom] = [subnet.broadcast - 1, subnet.network + 1];
  if (pool === undefined) return highestFree(top, bottom, taken);
  return highestFree(top, pool.to + 1, taken) ?? highestFree(pool.from - 1, bottom, taken);
}

function freeIn(pool: Pool, taken: ReadonlySet<number>): number {
  const used = [...taken].filter((address) => pool.from <= address && address <= pool.to).length;
  return pool.to - pool.from + 1 - used;
}

/** The first free address of the pool from the place on that belongs to this name, beginning again at its end. */
function freeFrom(pool: Pool, name: string, taken: ReadonlySet<number>): number | undefined {
  const size = pool.to - pool.from + 1;
  const start = createHash('sha256').update(name).digest().readUInt32BE(0) % size;
  for (let step = 0; step < size; step++) {
    const address = pool.from + ((start + step) % size);
    if (!taken.has(address)) return address;
  }
  return undefined;
}
