import { assignAddresses, type Tenant } from '../assign.ts';
import type { Draft } from '../draft.ts';
import { contains, type Subnet, toNumber, toSubnet } from '../ipv4.ts';
import { type Problem, addresses as say } from '../problems.ts';
import type { SegmentEntry } from '../schema.ts';

/** A fixed address with the place where it is written. */
interface Claim {
  readonly path: string;
  readonly owner: string;
  readonly address: string;
}

/** Every fixed address is one that a host of its subnet can have. */
export function* inPlace(draft: Draft): Iterable<Problem> {
  for (const [name, segment] of draft.segments) {
    const subnet = usableSubnet(segment.subnet);
    if (subnet === undefined) continue;
    const pool = Object.entries(segment.pool ?? {}).map(([end, address]) => ({
      path: `segments.${name}.pool.${end}`,
      address,
    }));
    for (const claim of [...claims(draft, name, segment), ...pool]) {
      yield* misplaced(claim.path, claim.address, subnet, segment.subnet);
    }
  }
  for (const [name, uplink] of draft.uplinks) {
    if (uplink.subnet === undefined || uplink.dhcp) continue;
    const subnet = usableSubnet(uplink.subnet);
    if (subnet === undefined) continue;
    for (const field of ['address', 'gateway'] as const) {
      const address = uplink[field];
      if (address !== undefined) yield* misplaced(`uplinks.${name}.${field}`, address, subnet, uplink.subnet);
    }
  }
}

function* misplaced(path: string, address: string, subnet: Subnet, text: string): Iterable<Problem> {
  const number = toNumber(address);
  if (!contains(subnet, number)) yield say.outside(path, address, text);
  else if (number === subnet.network) yield say.notAHost(path, address, 'network', text);
  else if (number === subnet.broadcast) yield say.notAHost(path, address, 'broadcast', text);
}

/** No address is given to two. Those that the policy chooses itself cannot clash, see `assignAddresses`. */
export function* takenTwice(draft: Draft): Iterable<Problem> {
  for (const [name, segment] of draft.segments) {
    const owners = new Map<string, string>();
    for (const { path, owner, address } of claims(draft, name, segment)) {
      const other = owners.get(address);
      if (other !== undefined) yield say.taken(path, address, other);
      else owners.set(address, owner);
    }
  }
  for (const [name, uplink] of draft.uplinks) {
    if (uplink.address !== undefined && uplink.address === uplink.gateway && !uplink.dhcp) {
      yield say.taken(`uplinks.${name}.gateway`, uplink.gateway, `the router in uplink ${name}`);
    }
  }
}

/** A pool goes upwards and leaves out the router's own addresses, which are not given away. */
export function* pools(draft: Draft): Iterable<Problem> {
  for (const [name, { pool, router, gateway }] of draft.segments) {
    if (pool === undefined) continue;
    const [from, to] = [toNumber(pool.from), toNumber(pool.to)];
    const inPool = (address: string) => from <= toNumber(address) && toNumber(address) <= to;
    if (from > to) yield say.poolReversed(`segments.${name}.pool`);
    if (inPool(router)) yield say.routerInPool(`segments.${name}.router`, router);
    if (gateway !== undefined && inPool(gateway)) yield say.routerInPool(`segments.${name}.gateway`, gateway);
  }
}

/** There is an address for everybody. */
export function* enough(draft: Draft): Iterable<Problem> {
  const tenants = tenantsBySegment(draft);
  for (const [name, segment] of draft.segments) {
    if (!isAssignable(segment)) continue;
    const { gateway, canary, unplaced } = assignAddresses(segment, tenants.get(name) ?? []);
    if (gateway === undefined) yield say.noGateway(`segments.${name}.gateway`);
    else if (canary === undefined) yield say.noCanary(`segments.${name}.subnet`);
    if (segment.pool === undefined) {
      for (const node of unplaced) {
        const section = draft.containers.has(node) ? 'containers' : 'devices';
        yield say.noPool(`${section}.${node}.address`, name);
      }
    } else if (unplaced.length > 0) {
      yield say.poolExhausted(`segments.${name}.pool`, unplaced);
    }
  }
}

/** The nodes of each segment, as far as they can be understood. */
export function tenantsBySegment(draft: Pick<Draft, 'containers' | 'devices'>): Map<string, Tenant[]> {
  const tenants = new Map<string, Tenant[]>();
  for (const [name, { segment, address }] of [...draft.containers, ...draft.devices]) {
    const neighbours = tenants.get(segment) ?? [];
    neighbours.push({ name, address });
    tenants.set(segment, neighbours);
  }
  return tenants;
}

function claims(draft: Draft, name: string, segment: SegmentEntry): Claim[] {
  const found: Claim[] = [{ path: `segments.${name}.router`, owner: 'the router', address: segment.router }];
  if (segment.gateway !== undefined) {
    found.push({ path: `segments.${name}.gateway`, owner: 'the gateway', address: segment.gateway });
  }
  for (const section of ['containers', 'devices'] as const) {
    for (const [node, { segment: home, address }] of draft[section]) {
      if (home !== name || address === undefined) continue;
      found.push({ path: `${section}.${node}.address`, owner: `${section.slice(0, -1)} ${node}`, address });
    }
  }
  return found;
}

/** Other sizes are another check's business, and addresses in them would only repeat it. */
function usableSubnet(cidr: string): Subnet | undefined {
  const subnet = toSubnet(cidr);
  return 8 <= subnet.prefixLength && subnet.prefixLength <= 30 ? subnet : undefined;
}

function isAssignable(segment: SegmentEntry): boolean {
  const subnet = usableSubnet(segment.subnet);
  if (subnet === undefined || segment.pool === undefined) return subnet !== undefined;
  const [from, to] = [toNumber(segment.pool.from), toNumber(segment.pool.to)];
  return subnet.network < from && from <= to && to < subnet.broadcast;
}
