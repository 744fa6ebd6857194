import type { Policy, Segment, Term } from '../../policy/index.ts';
import type { Ruleset } from '../network.ts';
import { PORT_GROUPS, portGroup } from '../port-group.ts';
import { routerMac } from '../router-mac.ts';
import { rogueServers } from './address-service.ts';
import { DROP, DROP_CHAIN, DROPPED_SETS } from './drops.ts';
import { FROM_A_SEGMENT } from './host.ts';
import { NOT_INTERNET } from './not-internet.ts';
import { segmentOf, segmentsOnline, termsOnline } from './online.ts';
import { EDGE_TABLE } from './tables.ts';
import { whenever } from './term.ts';
import { elements, type RegularChain, tableRuleset, when } from './text.ts';

/** Before everything else that the host may have for bridged frames. */
const FIRST = 'priority -450';

/** Where a frame is looked at further, by what is known of it already. */
const ARP = 'arp_messages';
const ACROSS = 'across';
const OUTWARD = 'outward';
const INWARD = 'inward';

/**
 * The edge: what may cross a segment's bridge at all, whatever the router does. The router's rules live in its container and are
 * gone while it starts; these stay in the host's kernel. They know no container's interface by its name (Docker names them anew each
 * time), but its port's link group, as soon as that is set, and addresses: segments' subnets are unique on a truck, so a frame with an address of one segment and an address of another is
 * either a flow's, or it has no business on any bridge. Which node and which port a flow opens only the router says; here it is
 * enough that two segments have a flow at all. Frames of other bridges, which have no address of a segment, pass.
 *
 * A rule for each subnet, and no set of them: such a set is empty for a moment in each swap (see flows.ts), and what is denied by one would
 * pass. Nor a map: the old one's elements go at the moment of the swap, for a frame that began before it.
 *
 * What comes to the host by a segment's port is marked as such, for the host's ruleset, which doesn't see the port: whatever bridge that is on.
 *
 * Bridge family (nft(8)); no `meta ibrname`, which kernels for the Raspberry Pi may lack.
 */
export function edgeRuleset(policy: Policy): Ruleset {
  const subnets = policy.segments.map(({ subnet }) => subnet);
  if (subnets.length === 0) return tableRuleset(...EDGE_TABLE, [forward(hostLink(policy))]);
  const claims = policy.segments.flatMap((segment) =>
    [segment.router, segment.gateway].map((address) => ({ address, mac: routerMac(segment) })),
  );
  const routers = elements(claims.map(({ address }) => address));
  const vlanLinks = elements(policy.segments.map(({ vlanInterface }) => `"${vlanInterface}"`));
  const online = segmentsOnline(policy);
  return tableRuleset(
    ...EDGE_TABLE,
    [
      DROP_CHAIN,
      forward([
        // Devices speak IPv4 and ARP: no IPv6, and no tag inside a tag.
        `iifname ${vlanLinks} ether type != { ip, arp } counter drop`,
        `oifname ${vlanLinks} ether type != { ip, arp } counter drop`,
        ...hostLink(policy),
        // Two segments never share a bridge, whoever made a link or a container's port the port of another one.
        ...apart(policy),
        `ether type arp jump ${ARP}`,
        // Who speaks to the router has an address of the router's segment there: no bridge is known here, but the router's MAC address tells it.
        ...policy.segments.map((segment) => `ether daddr ${routerMac(segment)} ip saddr != ${segment.subnet} ${DROP}`),
        ...policy.segments.map(({ subnet }, index) => `ip saddr ${subnet} jump ${sourceChainOf(index)}`),
        ...policy.segments.flatMap((segment) =>
          whileOnline(policy, segment, INWARD).map((rule) => `ip daddr ${segment.subnet} ${rule}`),
        ),
      ]),
      {
        name: 'prerouting',
        hook: `filter hook prerouting ${FIRST}`,
        policy: 'accept',
        rules: [`iifgroup ${PORT_GROUPS.from}-${PORT_GROUPS.to} meta mark set ${FROM_A_SEGMENT}`],
      },
      {
        name: ARP,
        rules: [
          // Nobody else has the router's addresses.
          `arp saddr ip ${routers} arp saddr ip . arp saddr ether != ${elements(claims.map(pairOfClaim))} counter drop`,
          ...subnets.flatMap((subnet) => [
            `arp saddr ip ${subnet} arp daddr ip ${subnet} accept`,
            // Who asks as nobody whether somebody has an address (RFC 5227) is answered as nobody.
            `arp saddr ip ${subnet} arp daddr ip 0.0.0.0 accept`,
            `arp saddr ip ${subnet} counter drop`,
          ]),
        ],
      },
      ...policy.segments.map((segment, index) => portsOf(policy, segment, index)),
      ...policy.segments.map((segment, index) => ({
        name: sourceChainOf(index),
        rules: [
          ...partners(policy, segment).map((partner) => `${partner} accept`),
          `jump ${ACROSS}`,
          ...whileOnline(policy, segment, OUTWARD),
        ],
      })),
      {
        name: ACROSS,
        rules: [
          ...subnets.map((subnet) => `ip daddr ${subnet} ${DROP}`),
          'ip daddr 224.0.0.0/4 accept',
          'ip daddr 255.255.255.255 accept',
        ],
      },
      ...when(online, {
        name: OUTWARD,
        rules: NOT_INTERNET.map((range) => `ip daddr ${range} ${DROP}`),
      }),
      ...when(online, {
        name: INWARD,
        rules: [
          // Errors on the way to the internet come from private addresses, too.
          'icmp type { destination-unreachable, time-exceeded, parameter-problem } accept',
          ...NOT_INTERNET.map((range) => `ip saddr ${range} ${DROP}`),
        ],
      }),
    ],
    DROPPED_SETS,
  );
}

/** On the host link router and host speak to each other: what is bridged from port to port, on whatever bridge, is neither's. */
function hostLink({ hostLink: link }: Policy): readonly string[] {
  if (link === undefined) return [];
  const { subnet } = link;
  const mac = routerMac(link);
  return [`ip saddr ${subnet}`, `ip daddr ${subnet}`, `arp saddr ip ${subnet}`, `arp daddr ip ${subnet}`]
    .concat(`ether saddr ${mac}`, `ether daddr ${mac}`)
    .map((frames) => `${frames} counter drop`);
}

/** By the VLAN link or by its group it is known whose port a frame came in by (port-group.ts). */
function apart({ segments }: Policy): readonly string[] {
  const byGroup = segments.map(({ subnet }, index) => `iifgroup ${portGroup(subnet)} jump ${portChainOf(index)}`);
  const byName = segments.map(({ vlanInterface }, index) => `iifname "${vlanInterface}" jump ${portChainOf(index)}`);
  return [...byGroup, ...byName];
}

/** What comes in by a port of this segment goes out by none of another's, and is no DHCP server's but the router's. */
function portsOf({ segments }: Policy, segment: Segment, index: number): RegularChain {
  const others = segments.filter((other) => other !== segment);
  const groups = elements(others.map(({ subnet }) => `${portGroup(subnet)}`));
  const vlanLinks = elements(others.map(({ vlanInterface }) => `"${vlanInterface}"`));
  const rules = [`oifgroup ${groups} counter drop`, `oifname ${vlanLinks} counter drop`];
  return { name: portChainOf(index), rules: [...when(others, rules.join('\n    ')), ...rogueServers(segment)] };
}

/** By number, because chains stay: those of a segment that is gone are another's. */
const portChainOf = (index: number) => `ports_${index}`;
const sourceChainOf = (index: number) => `from_${index}`;

function forward(rules: readonly string[]) {
  return { name: 'forward', hook: `filter hook forward ${FIRST}`, policy: 'accept', rules } as const;
}

const pairOfClaim = ({ address, mac }: { readonly address: string; readonly mac: string }) => `${address} . ${mac}`;

/** On to the chain while the segment may speak to the internet, which is the end of it; at other times nothing passes. */
function whileOnline(policy: Policy, segment: Segment, chain: string): readonly string[] {
  const conditions = whenever(termsOnline(policy, segment));
  const onward = conditions.map((condition) => `${condition}goto ${chain}`);
  return conditions.includes('') ? onward : [...onward, DROP];
}

/** What goes to whom a segment may speak with: its own, and those at the other end of its flows, in both directions, because answers come back. */
function partners(policy: Policy, segment: Segment): readonly string[] {
  const terms = new Map<Segment | undefined, (Term | undefined)[]>([[segment, [undefined]]]);
  for (const { from, to, term } of policy.flows) {
    const [a, b] = [segmentOf(policy, from), segmentOf(policy, to)];
    const other = a === segment ? b : b === segment ? a : undefined;
    const known = terms.get(other);
    if (known === undefined) terms.set(other, [term]);
    else known.push(term);
  }
  return policy.segments.flatMap((other) =>
    whenever(terms.get(other) ?? []).map((condition) => `${condition}ip daddr ${other.subnet}`),
  );
}
