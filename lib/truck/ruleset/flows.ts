import type { Flow, Policy, PortRange, Term } from '../../policy/index.ts';
import { groupBy } from '../group-by.ts';
import { segmentGroup, uplinkGroups } from '../groups.ts';
import { during, markOf, numberOf, termsOf } from './term.ts';
import { elements, when } from './text.ts';

/**
 * One side of a flow. Only a node needs an address: a segment's interface says enough, because a source is believed only on the interface of its
 * own segment (prerouting), and nothing else than its segment is routed to it.
 */
interface Side {
  readonly kind: 'node' | 'segment' | 'internet';
  readonly group: number;
  readonly address?: string;
}

/** What one flow allows between one pair of sides. */
interface Opening {
  readonly from: Side['kind'];
  readonly to: Side['kind'];
  /** Groups and addresses, as elements of a concatenation; only openings of the same kinds have the same fields. */
  readonly pair: string;
  readonly protocol: Flow['protocol'];
  /** Empty: all ports. */
  readonly ports: readonly PortRange[];
  readonly term?: Term;
}

/** How a packet of a conversation is read: as its opener sent it, or turned round, as an answer to it. */
export interface Reading {
  readonly groups: string;
  /** The header fields with the opener's address, and with the other's. */
  readonly opener: string;
  readonly other: string;
  /** The header field with the port that was opened. */
  readonly port: 'dport' | 'sport';
  readonly icmpType: string;
  /** Where what concerns the internet is looked at further. */
  readonly internet: string;
}

export const OPENING: Reading = {
  groups: 'iifgroup . oifgroup',
  opener: 'ip saddr',
  other: 'ip daddr',
  port: 'dport',
  icmpType: 'echo-request',
  internet: 'internet',
};

export const ANSWER: Reading = {
  groups: 'oifgroup . iifgroup',
  opener: 'ip daddr',
  other: 'ip saddr',
  port: 'sport',
  icmpType: 'echo-reply',
  internet: 'internet_answers',
};

/** Remembers in the connection's mark under which ruleset it was last allowed, and until when. @param number of the flow's term (term.ts) */
export const allow = (number: number): string => `ct mark set ${markOf(number)} counter accept`;

/** The chain where what concerns the internet is looked at further, for flows with the term of this number. */
export const internetChain = ({ internet }: Reading, number: number): string =>
  number === 0 ? internet : `${internet}_${number}`;

/** A range of so many ports at most is written as single ports. */
const EXPANDED = 16;

/**
 * A rule for each kind of opening, whose set is looked up at the same cost however many flows there are.
 *
 * All sets are exact, no element has a subnet or a range: such sets the kernel hashes, and they are there the moment their rule is. A set of subnets, or a
 * concatenation with a range in it (nft_set_pipapo) becomes visible last in a transaction, after the rules (seen up to Linux 6.18): for half a
 * millisecond at 10,000 flows it is empty, and what it would allow is dropped. So a short range of ports is written as its ports, and each long
 * one has a rule of its own.
 *
 * Flows with a term have rules of their own, after those that always hold: a conversation that both allow stays open when the term is over.
 */
export function flowRules(policy: Policy, reading: Reading): readonly string[] {
  const openings = policy.flows.flatMap((flow) => openingsOf(policy, flow));
  const terms = termsOf(policy);
  const kinds = [
    ...groupBy(
      openings,
      ({ from, to, protocol, term }) => `${during(term)}${to === 'internet' ? 1 : 0} ${from} ${to} ${protocol}`,
    ),
  ];
  return kinds.sort(([a], [b]) => (a < b ? -1 : 1)).flatMap(([, those]) => rulesOfKind(those, reading, terms));
}

/** @param openings of one kind, one protocol and one term; a concatenation holds five fields at most (nft 1.0), so the protocol is none of them. */
function rulesOfKind(openings: readonly Opening[], reading: Reading, terms: readonly Term[]): readonly string[] {
  const [first] = openings;
  if (first === undefined) return [];
  const { protocol, from, to, term } = first;
  const number = numberOf(terms, term);
  const key = [
    reading.groups,
    ...(from === 'node' ? [reading.opener] : []),
    ...(to === 'node' ? [reading.other] : []),
  ].join(' . ');
  const verdict = to === 'internet' ? `jump ${internetChain(reading, number)}` : allow(number);
  const all = openings.filter(({ ports }) => ports.length === 0).map(({ pair }) => pair);
  const conversations = groupBy(
    openings.filter(({ ports }) => ports.length > 0),
    ({ pair }) => pair,
  );
  const ranges = [...conversations].flatMap(([pair, those]) =>
    mergeRanges(those.flatMap(({ ports }) => ports)).map((range) => ({ pair, range })),
  );
  const single = ranges.filter(({ range }) => sizeOf(range) <= EXPANDED);
  const long = groupBy(
    ranges.filter(({ range }) => sizeOf(range) > EXPANDED),
    ({ range }) => `${range.from}-${range.to}`,
  );
  const ported = single.flatMap(({ pair, range }) => portsOf(range).map((port) => `${pair} . ${port}`));
  const any = protocol === 'icmp' ? `icmp type ${reading.icmpType}` : `meta l4proto ${protocol}`;
  return [
    ...when(ported, `${key} . ${protocol} ${reading.port} ${elements(ported)} ${verdict}`),
    ...[...long].map(
      ([range, those]) =>
        `${protocol} ${reading.port} ${range} ${key} ${elements(those.map(({ pair }) => pair))} ${verdict}`,
    ),
    ...when(all, `${any} ${key} ${elements(all)} ${verdict}`),
  ].map((rule) => `${during(term)}${rule}`);
}

const sizeOf = ({ from, to }: PortRange): number => to - from + 1;

function portsOf({ from, to }: PortRange): readonly number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

function openingsOf(policy: Policy, flow: Flow): readonly Opening[] {
  return sides(policy, flow.from).flatMap((from) =>
    sides(policy, flow.to).map((to) => ({
      from: from.kind,
      to: to.kind,
      pair: [from.group, to.group, from.address, to.address].filter((part) => part !== undefined).join(' . '),
      protocol: flow.protocol,
      ports: flow.ports,
      ...(flow.term && { term: flow.term }),
    })),
  );
}

/** A node or a segment has one side, the internet one for each uplink. */
function sides(policy: Policy, party: string): readonly Side[] {
  if (party === 'internet') {
    return uplinkGroups(policy).map(({ group }) => ({ kind: 'internet', group }));
  }
  const node = policy.nodes.find((candidate) => candidate.name === party);
  if (node !== undefined) {
    return [{ kind: 'node', group: segmentGroup(policy, node.segment), address: node.address }];
  }
  const segment = policy.segments.find((candidate) => candidate.name === party);
  if (segment === undefined) throw new Error(`a flow names ${party}, which is neither node nor segment`);
  return [{ kind: 'segment', group: segment.vlan }];
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
