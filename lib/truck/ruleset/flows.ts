import type { Flow, Policy, PortRange } from '../../policy/index.ts';
import { groupBy } from '../group-by.ts';
import { segmentGroup, uplinkGroups } from '../groups.ts';
import { elements, REVISION_MARK, when } from './text.ts';

/** The group and the addresses of one side of a flow. */
interface Side {
  readonly kind: 'node' | 'segment' | 'internet';
  readonly group: number;
  readonly addresses: string;
}

/** What one flow allows between one pair of sides. */
interface Opening {
  /**
   * Which rule it belongs to. Within one shape the address pairs are equal or disjoint (nodes differ, segments don't
   * overlap); the kernel refuses a set whose elements overlap (nft_set_pipapo).
   */
  readonly shape: string;
  readonly pair: string;
  readonly protocol: Flow['protocol'];
  /** Empty: all ports. */
  readonly ports: readonly PortRange[];
  readonly to: Side['kind'];
}

/** How a packet of a conversation is read: as its opener sent it, or turned round, as an answer to it. */
export interface Reading {
  readonly groups: string;
  readonly pair: string;
  /** The header field with the port that was opened. */
  readonly port: 'dport' | 'sport';
  readonly icmpType: string;
  /** Where what concerns the internet is looked at further. */
  readonly internet: string;
}

export const OPENING: Reading = {
  groups: 'iifgroup . oifgroup',
  pair: 'iifgroup . oifgroup . ip saddr . ip daddr',
  port: 'dport',
  icmpType: 'echo-request',
  internet: 'internet',
};

export const ANSWER: Reading = {
  groups: 'oifgroup . iifgroup',
  pair: 'oifgroup . iifgroup . ip daddr . ip saddr',
  port: 'sport',
  icmpType: 'echo-reply',
  internet: 'internet_answers',
};

/** Remembers in the connection's mark under which ruleset it was last allowed. */
export const ALLOW = `ct mark set ${REVISION_MARK} counter accept`;

/**
 * One or two rules for each shape of opening: a set lookup costs the same however many flows there are.
 *
 * What is exact (two nodes, a single port) has a set of its own: the kernel hashes it, and it is there the moment its rule is. A
 * concatenation with a range or a subnet in it (nft_set_pipapo) becomes visible last in a transaction, after the rules: for half a
 * millisecond at 10,000 flows it is empty, and what it would allow is dropped.
 */
export function flowRules(policy: Policy, reading: Reading): readonly string[] {
  const openings = policy.flows.flatMap((flow) => openingsOf(policy, flow));
  const shapes = [...groupBy(openings, ({ shape, protocol }) => `${shape} ${protocol}`)].sort(([a], [b]) =>
    a < b ? -1 : 1,
  );
  return shapes.flatMap(([, those]) => shapeRules(those, reading));
}

/** @param openings of one shape and one protocol; a concatenation holds five fields at most (nft 1.0), so the protocol is none of them. */
function shapeRules(openings: readonly Opening[], { pair: key, port, icmpType, internet }: Reading): readonly string[] {
  const [first] = openings;
  if (first === undefined) return [];
  const { protocol, to } = first;
  const verdict = to === 'internet' ? `jump ${internet}` : ALLOW;
  const all = openings.filter(({ ports }) => ports.length === 0).map(({ pair }) => pair);
  const conversations = groupBy(
    openings.filter(({ ports }) => ports.length > 0),
    ({ pair }) => pair,
  );
  const ported = [...conversations].flatMap(([pair, those]) =>
    mergeRanges(those.flatMap(({ ports }) => ports)).map(
      ({ from, to }) => `${pair} . ${from === to ? from : `${from}-${to}`}`,
    ),
  );
  const isExact = (element: string) => !/[/-]/.test(element);
  const any = protocol === 'icmp' ? `icmp type ${icmpType}` : `meta l4proto ${protocol}`;
  return [
    ...[ported.filter(isExact), ported.filter((element) => !isExact(element))].flatMap((those) =>
      when(those, `${key} . ${protocol} ${port} ${elements(those)} ${verdict}`),
    ),
    ...when(all, `${any} ${key} ${elements(all)} ${verdict}`),
  ];
}

function openingsOf(policy: Policy, flow: Flow): readonly Opening[] {
  return sides(policy, flow.from).flatMap((from) =>
    sides(policy, flow.to).map((to) => ({
      shape: `${to.kind === 'internet' ? 'internet' : 'inside'} ${from.kind} ${to.kind}`,
      pair: `${from.group} . ${to.group} . ${from.addresses} . ${to.addresses}`,
      protocol: flow.protocol,
      ports: flow.ports,
      to: to.kind,
    })),
  );
}

/** A node or a segment has one side, the internet one for each uplink. */
function sides(policy: Policy, party: string): readonly Side[] {
  if (party === 'internet') {
    return uplinkGroups(policy).map(({ group }) => ({ kind: 'internet', group, addresses: '0.0.0.0/0' }));
  }
  const node = policy.nodes.find((candidate) => candidate.name === party);
  if (node !== undefined) {
    return [{ kind: 'node', group: segmentGroup(policy, node.segment), addresses: node.address }];
  }
  const segment = policy.segments.find((candidate) => candidate.name === party);
  if (segment === undefined) throw new Error(`a flow names ${party}, which is neither node nor segment`);
  return [{ kind: 'segment', group: segment.vlan, addresses: segment.subnet }];
}

function mergeRanges(ranges: readonly PortRange[]): readonly PortRange[] {
  const merged: { from: number; to: number }[] = [];
  for (const range of [...ranges].sort((a, b) => a.from - b.from)) {
    const last = merged.at(-1);
    if (last !== undefined && range.from <= last.to + 1) last.to = Math.max(last.to, range.to);
    else merged.push({ ...range });
  }
  return merged;
}
