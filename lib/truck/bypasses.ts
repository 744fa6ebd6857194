import type { HostLink, Node, Policy, Segment } from '../policy/index.ts';
import { broadcastOf, contains, toAddress, toNumber, toSubnet } from '../policy/ipv4.ts';
import {
  BYPASSES,
  type BypassAttempt,
  type BypassKind,
  type FrameDescription,
  HOST,
  type Ipv4Description,
  OUTSIDE,
  ROUTER_ITSELF,
  SENDER,
  type Surroundings,
  type UplinkSurroundings,
} from './bypass.ts';
import { INTERNET } from './network.ts';
import { DNS_PORT } from './permission.ts';
import { NOT_INTERNET } from './ruleset/not-internet.ts';

type Protocol = Ipv4Description['protocol'];

/** discard (RFC 863): what shall not be answered by a service. */
const NOWHERE = 9;
/** What a router or a host may well offer. */
const TCP_SERVICES = [22, 53, 80, 443, 2375];
const UDP_SERVICES = [53, 67, 123];
const ALL: readonly Protocol[] = ['icmp', 'udp', 'tcp'];

/** An attempt, but for who sends it. */
type Draft = Pick<BypassAttempt, 'kind' | 'frame' | 'aim' | 'disturbs'> & { readonly what: string };

/** Who sends: a node as what it is, or what stands in for it. */
interface Sender {
  readonly node: Node;
  readonly address: string;
  readonly segment: Segment;
}

/**
 * All ways round the isolation that can be tried from the nodes' own interfaces and from the internet: each node against each other
 * segment, the host, the router and the uplinks. What the policy allows is not among them.
 */
export function bypasses(policy: Policy, surroundings: Surroundings): readonly BypassAttempt[] {
  const fromNodes = policy.nodes.flatMap((node) => {
    const segment = policy.segments.find(({ name }) => name === node.segment);
    if (segment === undefined) return [];
    const sender: Sender = { node, segment, address: surroundings.standIns[node.name] ?? node.address };
    return attemptsOf(policy, surroundings, sender).map((draft) => finished(node.name, draft));
  });
  const inward = surroundings.uplinks.flatMap((uplink) =>
    inbound(policy, uplink).map((draft) => ({ ...finished(INTERNET, draft), uplink: uplink.name })),
  );
  return [...new Map([...fromNodes, ...inward].map((attempt) => [attempt.id, attempt])).values()];
}

function finished(from: string, { what, kind, frame, aim, disturbs }: Draft): BypassAttempt {
  const id = `${kind}: ${from}>${what}`;
  return { id, kind, from, frame, aim, because: BYPASSES[kind], ...(disturbs === undefined ? {} : { disturbs }) };
}

function attemptsOf(policy: Policy, surroundings: Surroundings, sender: Sender): readonly Draft[] {
  const others = policy.segments.filter(({ name }) => name !== sender.segment.name);
  return [
    ...others.flatMap((other) => [
      ...againstSegment(policy, sender, other),
      ...tagged(policy, sender, other),
      ...ipv6Across(policy, other),
    ]),
    ...againstHost(policy, surroundings, sender),
    ...againstRouter(policy, surroundings, sender, others),
    ...outward(policy, surroundings, sender),
    ...spoofed(policy, surroundings, sender, others),
    ...ipv6Near(),
    ...toEverybody(sender, others),
    ...imitations(policy, sender),
    ...routersAddressTaken(sender),
  ];
}

/** One container and one device stand for a segment: the way to them differs, that to their likes doesn't. */
function targets(policy: Policy, { name }: Segment): readonly Node[] {
  return (['container', 'device'] as const).flatMap((kind) =>
    policy.nodes.filter((node) => node.segment === name && node.kind === kind).slice(0, 1),
  );
}

function ipv4(kind: BypassKind, aim: string, to: FrameDescription['to'], packet: Omit<Ipv4Description, 'type'>): Draft {
  const { source, destination, protocol, port } = packet;
  const probe = protocol === 'icmp' ? 'icmp' : `${protocol}/${port}`;
  const receiver = typeof to === 'string' ? to : to.node;
  return {
    kind,
    aim,
    frame: { to, tags: [], packet: { type: 'ipv4', ...packet } },
    what: `${destination} ${probe}, as ${source}, by the MAC address of ${receiver}`,
  };
}

/** The same by each protocol; UDP and TCP to a port that nobody has. */
function byAll(
  kind: BypassKind,
  aim: string,
  to: FrameDescription['to'],
  source: string,
  destination: string,
  protocols = ALL,
): readonly Draft[] {
  return protocols.map((protocol) =>
    ipv4(kind, aim, to, { source, destination, protocol, port: protocol === 'icmp' ? 0 : NOWHERE }),
  );
}

function arp(aim: string, sender: string, target: string): Draft {
  return {
    kind: 'ARP for addresses elsewhere',
    aim,
    frame: { to: 'broadcast', tags: [], packet: { type: 'arp', sender, target } },
    what: `who has ${target}?`,
  };
}

function againstSegment(policy: Policy, { address }: Sender, other: Segment): readonly Draft[] {
  const there = targets(policy, other).map((node) => node.address);
  return [
    ...there.flatMap((target) => byAll('another segment through the host', other.name, 'bridge', address, target)),
    ...[...there, other.router, other.gateway].map((target) => arp(other.name, address, target)),
  ];
}

/** On the segment's own bridge, and on the host link, by the router. */
function againstHost(policy: Policy, { hostAddresses }: Surroundings, { address }: Sender): readonly Draft[] {
  const kind: BypassKind = 'the host’s own addresses and services';
  const by = (to: 'bridge' | 'router', destination: string) => {
    const service = (protocol: 'tcp' | 'udp') => (port: number) =>
      ipv4(kind, HOST, to, { source: address, destination, protocol, port });
    return [
      ...byAll(kind, HOST, to, address, destination, ['icmp']),
      ...TCP_SERVICES.map(service('tcp')),
      ...UDP_SERVICES.map(service('udp')),
      arp(SENDER, address, destination),
    ];
  };
  return [
    ...[...hostAddresses, '127.0.0.1'].flatMap((destination) => by('bridge', destination)),
    ...hostLinks(policy).flatMap(({ host }) => by('router', host)),
  ];
}

function againstRouter(
  policy: Policy,
  { uplinks }: Surroundings,
  { address, segment }: Sender,
  others: readonly Segment[],
): readonly Draft[] {
  const foreign = [
    ...others.flatMap(({ router, gateway }) => [router, gateway]),
    ...uplinks.map(({ router }) => router),
    ...hostLinks(policy).map(({ router }) => router),
  ];
  return [
    ...foreign.flatMap((destination) =>
      byAll('the router’s other addresses', ROUTER_ITSELF, 'router', address, destination),
    ),
    ...services(address, segment.router).filter(({ frame }) => !isServed(segment, frame)),
    ...services(address, segment.gateway),
    ...others.filter(({ dhcp }) => dhcp !== undefined).flatMap(({ router }) => services(address, router)),
    ...uplinks.flatMap(({ router, gateway }) =>
      [router, ...(gateway === undefined ? [] : [gateway])].map((target) => arp(SENDER, address, target)),
    ),
    ...hostLinks(policy).map(({ router }) => arp(SENDER, address, router)),
  ];
}

function services(source: string, destination: string): readonly Draft[] {
  const to = (protocol: 'tcp' | 'udp') => (port: number) =>
    ipv4('the router’s services', ROUTER_ITSELF, 'router', { source, destination, protocol, port });
  return [...TCP_SERVICES.map(to('tcp')), ...UDP_SERVICES.map(to('udp'))];
}

/** DNS at the address that nodes are told. DHCP is another matter: it is for who asks from its clients' port, which no attempt does. */
const isServed = ({ dhcp }: Segment, { packet }: FrameDescription): boolean =>
  dhcp !== undefined && packet.type === 'ipv4' && packet.port === DNS_PORT;

function outward(policy: Policy, { uplinks }: Surroundings, { address }: Sender): readonly Draft[] {
  if (uplinks.length === 0) return [];
  const { probe } = policy.internet;
  const privately = uplinks
    .flatMap(({ gateway, outside }) => [gateway, outside])
    .filter((there) => there !== undefined);
  return [
    ...byAll('the internet past the router', OUTSIDE, 'bridge', address, probe),
    arp(SENDER, address, probe),
    ...[...new Set(privately)]
      .filter((destination) => isIn(destination, NOT_INTERNET))
      .flatMap((destination) => [
        ...byAll('the uplink’s own network', OUTSIDE, 'router', address, destination),
        ...byAll('the uplink’s own network', OUTSIDE, 'bridge', address, destination),
      ]),
    ...notInternet(policy).flatMap((destination) =>
      byAll('the uplink’s own network', OUTSIDE, 'router', address, destination, ['icmp', 'udp']),
    ),
  ];
}

/** An address of each range that is no internet: a provider's own network may have any of them. Segments' own are another matter. */
function notInternet(policy: Policy): readonly string[] {
  return NOT_INTERNET.map((range) => toAddress(toSubnet(range).broadcast - 1)).filter(
    (address) =>
      !isIn(
        address,
        policy.segments.map(({ subnet }) => subnet),
      ),
  );
}

function spoofed(
  policy: Policy,
  { hostAddresses, uplinks }: Surroundings,
  { segment }: Sender,
  others: readonly Segment[],
): readonly Draft[] {
  const kind: BypassKind = 'spoofed sources';
  const foreign = others.flatMap((other) => [...targets(policy, other).map(({ address }) => address), other.router]);
  const outside = uplinks.length === 0 ? [] : [policy.internet.probe, ...uplinks.map(({ router }) => router)];
  const sources = [
    ...[
      ...foreign,
      segment.router,
      segment.gateway,
      ...hostAddresses.slice(0, 1),
      ...hostLinks(policy).flatMap(endsOf),
      ...outside,
    ],
    '127.0.0.1',
  ];
  const across = others.flatMap((other) =>
    targets(policy, other).flatMap(({ address: destination }) =>
      sources
        .filter((source) => source !== destination)
        .flatMap((source) => byAll(kind, other.name, 'router', source, destination, ['icmp', 'udp'])),
    ),
  );
  const away = sources
    .filter((source) => source !== policy.internet.probe)
    .flatMap((source) => byAll(kind, OUTSIDE, 'router', source, policy.internet.probe, ['icmp', 'udp']));
  return [...across, ...(uplinks.length === 0 ? [] : away)];
}

/** The one that there is, or none. */
function hostLinks({ hostLink }: Policy): readonly HostLink[] {
  return hostLink === undefined ? [] : [hostLink];
}

const endsOf = ({ router, host }: HostLink): readonly string[] => [router, host];

/** Into the other segment's VLAN, or into 1, which many switches know untagged; 0 is a priority without a VLAN. */
function tagged(policy: Policy, { address, segment }: Sender, other: Segment): readonly Draft[] {
  const wrapped = (tags: readonly number[], to: FrameDescription['to'], destination: string): Draft => {
    const kind = tags.length > 1 ? 'double-tagged frames' : 'tagged frames';
    const packet = { source: address, destination, protocol: 'udp', port: NOWHERE } as const;
    const { what, frame, aim } = ipv4(kind, other.name, to, packet);
    return { kind, aim, frame: { ...frame, tags }, what: `${what}, tagged ${tags.join(' and ')}` };
  };
  const outer = [...new Set([other.vlan, 1, 0])];
  const pairs = [...new Set([segment.vlan, 1, 0])].map((first) => [first, other.vlan] as const);
  const everybody = broadcastOf(other.subnet);
  return [
    ...targets(policy, other).flatMap(({ name, address: destination }) => [
      ...outer.map((vlan) => wrapped([vlan], { node: name }, destination)),
      ...pairs.map((tags) => wrapped(tags, { node: name }, destination)),
      wrapped([0], 'bridge', destination),
      wrapped([other.vlan], 'bridge', destination),
    ]),
    ...outer.map((vlan) => wrapped([vlan], 'broadcast', everybody)),
    ...pairs.map((tags) => wrapped(tags, 'broadcast', everybody)),
  ];
}

function ipv6(aim: string, to: FrameDescription['to'], destination: string, protocol: 'icmp' | 'udp'): Draft {
  const receiver = typeof to === 'string' ? to : to.node;
  return {
    kind: 'IPv6',
    aim,
    frame: { to, tags: [], packet: { type: 'ipv6', destination, protocol } },
    what: `${destination} ${protocol}, by the MAC address of ${receiver}`,
  };
}

const LINK_LOCAL = 'fe80::';
/** Unique local addresses (RFC 4193), as if the segments had been given them. */
const UNIQUE_LOCAL = 'fd00:fb::';
const ALL_NODES = 'ff02::1';

function ipv6Across(policy: Policy, other: Segment): readonly Draft[] {
  return targets(policy, other).flatMap(({ name: node }) => [
    ipv6(other.name, { node }, LINK_LOCAL, 'icmp'),
    ipv6(other.name, { node }, UNIQUE_LOCAL, 'udp'),
  ]);
}

function ipv6Near(): readonly Draft[] {
  return [
    ipv6(HOST, 'bridge', LINK_LOCAL, 'icmp'),
    ipv6(HOST, 'bridge', LINK_LOCAL, 'udp'),
    ipv6(HOST, 'bridge', ALL_NODES, 'icmp'),
    ipv6(HOST, 'group', ALL_NODES, 'icmp'),
    ipv6(ROUTER_ITSELF, 'router', LINK_LOCAL, 'icmp'),
    ipv6(ROUTER_ITSELF, 'router', UNIQUE_LOCAL, 'udp'),
    ipv6(ROUTER_ITSELF, 'router', ALL_NODES, 'icmp'),
    ipv6(ROUTER_ITSELF, 'group', 'ff02::2', 'icmp'),
  ];
}

function toEverybody({ address }: Sender, others: readonly Segment[]): readonly Draft[] {
  const kind: BypassKind = 'broadcast and multicast';
  const aims = [HOST, ROUTER_ITSELF, ...others.map(({ name }) => name)];
  const udp = (aim: string, to: FrameDescription['to'], destination: string) => {
    const draft = ipv4(kind, aim, to, { source: address, destination, protocol: 'udp', port: NOWHERE });
    return { ...draft, what: `${draft.what}, for ${aim.replace(':', 'the ')}` };
  };
  return [
    ...aims.flatMap((aim) => [udp(aim, 'broadcast', '255.255.255.255'), udp(aim, 'group', '239.255.255.250')]),
    ...others.flatMap((other) => [
      udp(other.name, 'broadcast', broadcastOf(other.subnet)),
      udp(other.name, 'router', broadcastOf(other.subnet)),
    ]),
    udp(HOST, 'group', '224.0.0.1'),
  ];
}

/** At the port of a broadcast, whoever isn’t its source: as what he is, and as the source. */
function imitations(policy: Policy, { node, address, segment }: Sender): readonly Draft[] {
  return policy.broadcasts.flatMap(({ from, to, port, group }) => {
    const source = policy.nodes.find(({ name }) => name === from);
    if (source === undefined || source === node) return [];
    const aims = [source.segment, ...to].filter((name) => name !== segment.name);
    return aims.flatMap((aim) =>
      [address, source.address].map((as) => {
        const packet = { source: as, destination: group ?? '255.255.255.255', protocol: 'udp', port } as const;
        const draft = ipv4('broadcast and multicast', aim, group === undefined ? 'broadcast' : 'group', packet);
        return { ...draft, what: `${draft.what}, for ${aim}` };
      }),
    );
  });
}

function routersAddressTaken({ segment }: Sender): readonly Draft[] {
  return [segment.router, segment.gateway].map((claimed) => ({
    kind: 'the router’s address taken',
    aim: segment.name,
    frame: { to: 'broadcast', tags: [], packet: { type: 'arp', sender: claimed, target: claimed } },
    what: `I have ${claimed}`,
    disturbs: true,
  }));
}

/** From the uplink's network, with the router as next hop: to nodes, and to the router itself. */
function inbound(policy: Policy, { router, outside }: UplinkSurroundings): readonly Draft[] {
  if (outside === undefined) return [];
  const kind: BypassKind = 'inbound from the uplink';
  const sources = [...new Set([outside, policy.internet.probe])];
  const own = [
    ...policy.segments.flatMap((segment) => targets(policy, segment).map(({ address }) => address)),
    ...hostLinks(policy).flatMap(endsOf),
  ];
  return [
    ...policy.segments.flatMap((segment) =>
      targets(policy, segment).flatMap(({ address: destination }) => [
        ...sources.flatMap((source) => byAll(kind, segment.name, 'router', source, destination)),
        ...notInternet(policy).flatMap((source) => byAll(kind, segment.name, 'router', source, destination, ['udp'])),
        ...own
          .filter((source) => source !== destination)
          .flatMap((source) => byAll('spoofed sources', segment.name, 'router', source, destination, ['udp'])),
      ]),
    ),
    ...[...policy.segments, ...hostLinks(policy)].flatMap((inner) =>
      byAll('the router’s other addresses', ROUTER_ITSELF, 'router', outside, inner.router),
    ),
    ...hostLinks(policy).flatMap(({ host }) => sources.flatMap((source) => byAll(kind, HOST, 'router', source, host))),
    ...byAll('the router’s services', ROUTER_ITSELF, 'router', outside, router, ['icmp']),
    ...services(outside, router),
  ];
}

/** Is the address in one of these subnets? */
function isIn(address: string, subnets: readonly string[]): boolean {
  return subnets.some((subnet) => contains(toSubnet(subnet), toNumber(address)));
}
