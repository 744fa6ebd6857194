import type { Broadcast, Node, Policy, Segment } from '../../policy/index.ts';
import { broadcastOf } from '../../policy/ipv4.ts';
import { RELAY_TABLE } from './tables.ts';
import { type BaseChain, elements, type RegularChain, type Table, when } from './text.ts';

/** The packet mark of a copy on its way from the one chain to the other. The router's packets carry no mark else. */
export const RELAYED = '0xf12eb0ad';
/** The chain of the router's output where copies go; without a return. */
export const COPIES = 'copies';

/** Where a broadcast without a group is sent to, on whatever network (RFC 919). */
const EVERYBODY = '255.255.255.255';
/** Of an IPv4 header without options, and of UDP's. */
const HEADERS = 20 + 8;

/** A broadcast with what its names mean. */
interface Relay {
  readonly broadcast: Broadcast;
  readonly source: Node;
  readonly home: Segment;
  readonly targets: readonly Segment[];
}

/**
 * The relay: what takes a declared message from its segment and says it in others, all of it in the kernel.
 *
 * It has a table of its own, because `dup` to an address is there in the ip family only (nft(8), DUP STATEMENT). A copy for each segment is sent to
 * the segment's broadcast address, so the kernel's own route for that finds the interface, whatever it is called; then it passes the router's output as
 * any packet of its own (`copies`). It goes to everybody's Ethernet address also if it is for a group: so no switch has to know who listens
 * (IGMP). The original ends here: nothing is routed.
 *
 * It asks after the sources are checked (raw), and before connection tracking, which has no part in it. What is no
 * broadcast for the network card is not asked further.
 */
export function relayTable(policy: Policy): Table {
  const relays = relaysOf(policy);
  const [family, table] = RELAY_TABLE;
  const chains: (BaseChain | RegularChain)[] = [
    {
      name: 'relay',
      hook: 'filter hook prerouting priority -250',
      policy: 'accept',
      rules: when(relays, 'meta pkttype { broadcast, multicast } jump messages'),
    },
    { name: 'messages', rules: relays.map(taking) },
  ];
  return { family, table, chains };
}

/**
 * Takes what the source sends, and nobody else: its interface, MAC address and address. A copy bears the router's address and MAC address, so it is
 * never taken again, however many broadcasts lead back and forth. The packet as a whole is measured, for the length in UDP's header is the
 * sender's word.
 */
function taking({ broadcast: { name, port, rate, size, ...message }, source, home, targets }: Relay): string {
  return [
    `iifgroup ${home.vlan} ether saddr ${source.mac} ip saddr ${source.address}`,
    `ip daddr ${elements(destinations(message, home))} udp dport ${port}`,
    `ip hdrlength 5 ip length <= ${HEADERS + size} limit rate ${rate}/second burst ${rate} packets`,
    `counter meta mark set ${RELAYED} ${targets.map((segment) => `dup to ${broadcastOf(segment.subnet)}`).join(' ')}`,
    `drop comment "${name}"`,
  ].join(' ');
}

/**
 * What copies become before they leave: said by the router, to everybody or to the group, and for nobody beyond (TTL). The kernel corrects the checksums.
 * What isn't declared for the interface is dropped: without the route to it a copy would go out by the default route.
 */
export function copies(policy: Policy): readonly RegularChain[] {
  const relays = relaysOf(policy);
  const rules = policy.segments.flatMap((segment) => {
    const here = relays.filter(({ targets }) => targets.includes(segment));
    const messages = (isForGroup: boolean) =>
      here
        .filter(({ broadcast: { group } }) => (group !== undefined) === isForGroup)
        .flatMap(({ broadcast, source, home }) =>
          destinations(broadcast, home).map((to) => `${source.address} . ${to} . ${broadcast.port}`),
        );
    const rule = (those: readonly string[], changes: string) =>
      when(
        those,
        `oifgroup ${segment.vlan} ip saddr . ip daddr . udp dport ${elements(those)} ip ttl set 1 ${changes} counter accept`,
      );
    const fromRouter = `ip saddr set ${segment.router}`;
    return [...rule(messages(false), `${fromRouter} ip daddr set ${EVERYBODY}`), ...rule(messages(true), fromRouter)];
  });
  return [{ name: COPIES, rules }];
}

function relaysOf({ broadcasts, nodes, segments }: Policy): readonly Relay[] {
  return broadcasts.map((broadcast) => {
    const source = nodes.find(({ name }) => name === broadcast.from);
    const home = segments.find(({ name }) => name === source?.segment);
    if (source === undefined || home === undefined) throw new Error(`broadcast ${broadcast.name} has no source`);
    return { broadcast, source, home, targets: segments.filter(({ name }) => broadcast.to.includes(name)) };
  });
}

/** Where the source sends it. */
function destinations({ group }: Pick<Broadcast, 'group'>, home: Segment): readonly string[] {
  return group === undefined ? [EVERYBODY, broadcastOf(home.subnet)] : [group];
}
