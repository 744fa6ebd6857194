import type { RegularChain } from './text.ts';

/**
 * What is dropped is counted per pair, so that an engineer sees why something doesn't work: who, to whom, protocol and port. The kernel keeps the
 * count in two sets (nft(8), "SET STATEMENT"), because only TCP and UDP have ports. They decide nothing, and outlive the swap of a ruleset: `flush table` takes
 * rules only. Each remembers so many pairs for an hour after their last packet; when it is full, what is new is dropped all the same, and
 * counted by the rule alone.
 */
const REMEMBERED = 'flags dynamic,timeout; timeout 1h; size 4096;';
export const DROPPED_WITH_PORT = 'dropped_with_port';
export const DROPPED = 'dropped';

export const DROPPED_SETS = [
  `set ${DROPPED_WITH_PORT} { type ipv4_addr . ipv4_addr . inet_proto . inet_service; ${REMEMBERED} }`,
  `set ${DROPPED} { type ipv4_addr . ipv4_addr . inet_proto; ${REMEMBERED} }`,
] as const;

const CHAIN = 'count_and_drop';

/** Drops the packet, and counts it for its pair. */
export const DROP = `goto ${CHAIN}`;

export const DROP_CHAIN: RegularChain = {
  name: CHAIN,
  rules: [
    `meta l4proto { tcp, udp } update @${DROPPED_WITH_PORT} { ip saddr . ip daddr . meta l4proto . th dport counter }`,
    `meta l4proto != { tcp, udp } update @${DROPPED} { ip saddr . ip daddr . meta l4proto counter }`,
    'counter drop',
  ],
};
