import type { HostLink, Ruleset } from '../network.ts';
import { PORT_GROUPS } from '../port-group.ts';
import { NOT_INTERNET } from './not-internet.ts';
import { HOST_TABLE } from './tables.ts';
import { type BaseChain, elements, tableRuleset, when } from './text.ts';

/** Before connection tracking (-200), Docker's chains (-100, 0) and everything else that the host may have. */
const FIRST = 'priority -450';

/** The packet mark of what came in by a segment's port and over whatever bridge to the host: set at the edge. */
export const FROM_A_SEGMENT = '0xf12eb4ea';

/**
 * The host's own ruleset: the host takes no part in any segment. Whatever reaches its IP layer from the trunk, a VLAN link or a
 * bridge, or from a segment's port that is on no bridge, is dropped, and it sends nothing into them; that also closes the way from one segment to another, or to the uplink, over
 * the host's forwarding. A drop is final whatever later chains accept. Bridged frames don't pass here.
 *
 * On the host link the host opens conversations with the internet, and gets the answers; its address there it has nowhere else, though to the
 * kernel an address is the whole host's: an ipvlan uplink has the host's own MAC address, and what it doesn't take, the host gets. What is an answer is known only after connection
 * tracking, so that is asked in the input hook, which comes after all of prerouting. Nothing is forwarded from there or to there: the way is
 * the host's own, not that of some container whose packets it would masquerade.
 *
 * @param links names of the interfaces that are closed; they need not exist yet.
 */
export function hostRuleset(links: readonly string[], hostLink?: HostLink): Ruleset {
  // A container's port that somebody took off its bridge.
  const ports = `${PORT_GROUPS.from}-${PORT_GROUPS.to}`;
  const names = elements(links.map((link) => `"${link}"`));
  const fromSegments = [`iifname ${names}`, `iifgroup ${ports}`, `meta mark ${FROM_A_SEGMENT}`].map(dropped);
  const toSegments = [`oifname ${names}`, `oifgroup ${ports}`].map(dropped);
  const { prerouting, input, forward, output } = hostLink === undefined ? NO_HOST_LINK : rulesOf(hostLink);
  const chain = (name: string, rules: readonly string[]): BaseChain => {
    return { name, hook: `filter hook ${name} ${FIRST}`, policy: 'accept', rules };
  };
  return tableRuleset(...HOST_TABLE, [
    chain('prerouting', [...fromSegments, ...prerouting]),
    ...when(input, chain('input', input)),
    ...when(forward, chain('forward', forward)),
    ...when(output, chain('output', output)),
    // What the host itself sends passes here, too.
    chain('postrouting', toSegments),
  ]);
}

const dropped = (packets: string) => `${packets} counter drop`;

const NO_HOST_LINK = { prerouting: [], input: [], forward: [], output: [] };

function rulesOf({
  bridge,
  host,
  router,
  routerMac,
  segments,
}: HostLink): Readonly<Record<keyof typeof NO_HOST_LINK, readonly string[]>> {
  const [from, to] = [`iifname "${bridge}"`, `oifname "${bridge}"`];
  return {
    prerouting: [
      `iifname != { "lo", "${bridge}" } ip daddr ${host} counter drop`,
      `${from} ether saddr != ${routerMac} counter drop`,
      `${from} meta nfproto != ipv4 counter drop`,
      `${from} ip daddr != ${host} counter drop`,
      ...segments.map((subnet) => `${from} ip saddr ${subnet} counter drop`),
    ],
    input: [`${from} ct direction reply ct state { established, related } accept`, `${from} counter drop`],
    forward: [`${from} counter drop`, `${to} counter drop`],
    output: [
      `${to} ip saddr ${host} ip daddr ${router} icmp type echo-request accept`,
      // A rule for each, and no set: that would be empty for a moment in each swap (see flows.ts).
      ...[...segments, ...NOT_INTERNET].map((range) => `${to} ip daddr ${range} counter drop`),
      `${to} ip saddr ${host} accept`,
      `${to} counter drop`,
    ],
  };
}
