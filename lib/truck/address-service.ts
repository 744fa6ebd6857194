import type { AddressRange, Policy, Segment } from '../policy/index.ts';
import { toAddress, toNumber, toSubnet } from '../policy/ipv4.ts';
import { DNS_PORT, permission } from './permission.ts';
import { segmentOf } from './ruleset/online.ts';
import { policyAt } from './term.ts';

/** The router's DHCP and DNS server in one segment: what it gives to whom, and which names it knows. */
export interface AddressService {
  readonly segment: string;
  /** Link group of the router's interface there. */
  readonly group: number;
  /** The segment's domain: a node NAME is NAME.DOMAIN. */
  readonly domain: string;
  /** The router's address: gateway and DNS server of whoever is served. */
  readonly router: string;
  /** In CIDR notation. */
  readonly subnet: string;
  readonly leaseSeconds: number;
  /** What strangers are given: the pool without the addresses of anybody whom the policy knows. */
  readonly free: readonly AddressRange[];
  /** Whom the policy knows, sorted by name. */
  readonly reservations: readonly Reservation[];
  /** Of the nodes of this segment and of those that a flow leads it to; sorted. */
  readonly names: readonly NameRecord[];
  /** Who is asked for other names; none unless all nodes of the segment may ask a DNS server in the internet themselves. */
  readonly servers: readonly string[];
  readonly ntp: readonly string[];
}

/** An address that is kept for a MAC address. */
export interface Reservation {
  readonly kind: 'container' | 'device';
  readonly name: string;
  readonly mac: string;
  readonly address: string;
}

export interface NameRecord {
  /** Without a domain. */
  readonly name: string;
  readonly domain: string;
  readonly address: string;
}

/** Kept for private use by ICANN, so no name in the internet ends like this. */
export const TOP_DOMAIN = 'internal';

/** Segments in which the router serves DHCP and DNS. */
export function servedSegments({ segments }: Policy): readonly Segment[] {
  return segments.filter(({ dhcp }) => dhcp !== undefined);
}

/** What the router serves, a service for each segment that has one. */
export function addressServices(policy: Policy): readonly AddressService[] {
  return policy.segments.flatMap((segment) => {
    const { name, vlan, router, subnet, dhcp } = segment;
    if (dhcp === undefined) return [];
    const reservations = policy.nodes
      .filter((node) => node.segment === name)
      .map(({ kind, name: node, mac, address }) => ({ kind, name: node, mac, address }));
    return [
      {
        ...{ segment: name, group: vlan, domain: domainOf(name), router, subnet },
        ...{ leaseSeconds: dhcp.leaseSeconds, ntp: dhcp.ntp, reservations },
        free: freeRanges(segment, reservations),
        names: names(policy, segment),
        servers: mayAskTheInternet(policy, name) ? policy.dns.servers : [],
      },
    ];
  });
}

const domainOf = (segment: string): string => `${segment}.${TOP_DOMAIN}`;

/**
 * Whatever the server does with names that it doesn't know, it does for the whole segment: so any node of it has to have this right, or one that may
 * not speak to the internet would reach it by questions and answers. At all times, because the server doesn't look at the clock.
 */
function mayAskTheInternet(policy: Policy, segment: string): boolean {
  const always = policyAt(policy, null);
  return (['udp', 'tcp'] as const).some(
    (protocol) =>
      permission(always, { kind: 'node', name: '', segment }, { kind: 'internet' }, { protocol, port: DNS_PORT })
        .allowed,
  );
}

/** The pool in pieces, between the addresses that belong to somebody or, as the canary's, to nobody. */
function freeRanges(segment: Segment, reservations: readonly Reservation[]): readonly AddressRange[] {
  const { pool, canary, router, gateway } = segment;
  if (pool === undefined) return [];
  const taken = [canary, router, gateway, ...reservations.map(({ address }) => address)].map(toNumber);
  const ranges: AddressRange[] = [];
  let from = toNumber(pool.from);
  for (const address of [...new Set(taken)].sort((a, b) => a - b)) {
    if (address < from || address > toNumber(pool.to)) continue;
    if (from < address) ranges.push({ from: toAddress(from), to: toAddress(address - 1) });
    from = address + 1;
  }
  return from <= toNumber(pool.to) ? [...ranges, { from: toAddress(from), to: pool.to }] : ranges;
}

/** A flow of one node shows its target's name to the segment: it is the segment's server that is asked. */
function names(policy: Policy, segment: Segment): readonly NameRecord[] {
  const targets = policy.flows.filter(({ from }) => segmentOf(policy, from) === segment).map(({ to }) => to);
  const isSeen = (name: string, home: string) =>
    home === segment.name || targets.includes(name) || targets.includes(home);
  return policy.nodes
    .filter(({ name, segment: home }) => isSeen(name, home))
    .map(({ name, segment: home, address }) => ({ name, domain: domainOf(home), address }));
}

/** How many addresses of a segment can be leased, to whomever. */
export function capacityOf({ free, reservations }: AddressService): number {
  return free.reduce((sum, { from, to }) => sum + toNumber(to) - toNumber(from) + 1, reservations.length);
}

/** The netmask of a subnet in CIDR notation. */
export function netmaskOf(subnet: string): string {
  const { prefixLength } = toSubnet(subnet);
  return toAddress(2 ** 32 - 2 ** (32 - prefixLength));
}
