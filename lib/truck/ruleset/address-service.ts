import type { Policy, Segment } from '../../policy/index.ts';
import { servedSegments } from '../address-service.ts';
import { routerMac } from '../router-mac.ts';
import { elements, when } from './text.ts';

/** What rulesets say of the router's DHCP and DNS server. All sets are exact (decision 21). */

/** In the router's prerouting: who has no address yet asks for one, as nobody and everybody (RFC 2131, 4.1). */
export function askedByNobody(policy: Policy): readonly string[] {
  const groups = servedSegments(policy).map(({ vlan }) => `${vlan}`);
  return when(
    groups,
    `iifgroup ${elements(groups)} ip saddr 0.0.0.0 ip daddr 255.255.255.255 udp sport 68 udp dport 67 counter accept`,
  );
}

/** In the router's input: DHCP by everybody's address and by the router's own ones in that segment, DNS by that which nodes are told. */
export function servedInSegment(policy: Policy): readonly string[] {
  const served = servedSegments(policy);
  const dhcp = served.flatMap(({ vlan, router, gateway }) =>
    [router, gateway, '255.255.255.255'].map((address) => `${vlan} . ${address}`),
  );
  const dns = served.map(({ vlan, router }) => `${vlan} . ${router}`);
  return [
    ...when(dhcp, `iifgroup . ip daddr ${elements(dhcp)} udp sport 68 udp dport 67 counter accept`),
    ...when(dns, `iifgroup . ip daddr ${elements(dns)} meta l4proto { tcp, udp } th dport 53 counter accept`),
  ];
}

/** What is counted as somebody else's DHCP server. */
export const ROGUE_SERVER = 'rogue DHCP server';

/**
 * At the edge, among what came in by a port of this segment: a DHCP server's word is the router's, by its MAC address, and never comes by the cable.
 * Where the router doesn't serve, somebody else may.
 */
export function rogueServers({ dhcp, vlanInterface, ...segment }: Segment): readonly string[] {
  if (dhcp === undefined) return [];
  return [`iifname "${vlanInterface}"`, `ether saddr != ${routerMac(segment)}`].map(
    (frames) => `${frames} udp sport 67 counter drop comment "${ROGUE_SERVER}"`,
  );
}
