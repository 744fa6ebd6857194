import { contains, type Subnet, toSubnet } from './ipv4.ts';

/** Ranges that nothing in a policy can have (RFC 6890). */
export const SPECIAL_RANGES: readonly { readonly subnet: Subnet; readonly meaning: string }[] = [
  { subnet: toSubnet('0.0.0.0/8'), meaning: '"this network"' },
  { subnet: toSubnet('127.0.0.0/8'), meaning: 'loopback' },
  { subnet: toSubnet('169.254.0.0/16'), meaning: 'link-local addresses' },
  { subnet: toSubnet('224.0.0.0/4'), meaning: 'multicast' },
  { subnet: toSubnet('240.0.0.0/4'), meaning: 'future use' },
  // Ours, see lib/truck/placeholder.ts.
  { subnet: toSubnet('198.19.240.0/20'), meaning: 'uplinks that have no lease yet' },
];

/** RFC 2544: where the host link is unless one says otherwise. No host in the internet has such an address. */
export const BENCHMARKS = toSubnet('198.18.0.0/15');

/** RFC 1918. */
const PRIVATE_RANGES = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'].map(toSubnet);

/** docker0, which every Docker Engine has unless told otherwise. */
export const DOCKER_BRIDGE = toSubnet('172.17.0.0/16');

/** From where Docker takes a subnet for a network that is made without one: 172.18.0.0 to 172.31.255.255 and 192.168.0.0/16. */
export const DOCKER_POOLS = ['172.18.0.0/15', '172.20.0.0/14', '172.24.0.0/13', '192.168.0.0/16'].map(toSubnet);

/** Is all of it private? */
export function isPrivate(range: Pick<Subnet, 'network' | 'broadcast'>): boolean {
  return PRIVATE_RANGES.some((known) => contains(known, range.network) && contains(known, range.broadcast));
}
