import type { HostLink, Policy, Term } from '../../policy/index.ts';
import { HOST_GROUP, uplinkGroups } from '../groups.ts';
import type { Ruleset } from '../network.ts';
import { askedByNobody, servedInSegment } from './address-service.ts';
import { DROP, DROP_CHAIN, DROPPED_SETS } from './drops.ts';
import { ANSWER, allow, flowRules, internetChain, OPENING, type Reading } from './flows.ts';
import { NOT_INTERNET } from './not-internet.ts';
import { segmentsOnline } from './online.ts';
import { COPIES, copies, RELAYED, relayTable } from './relay.ts';
import { ROUTER_TABLE } from './tables.ts';
import { during, markOf, termsOf } from './term.ts';
import { type BaseChain, elements, type RegularChain, tablesRuleset, when } from './text.ts';

/**
 * First what no conversation may do, however it began: one with a segment whose route is gone for a moment (the router's address changes there)
 * would go out by the default route.
 */
function forwarding(uplinks: readonly number[], terms: readonly Term[]): readonly string[] {
  return [
    ...when(uplinks, `oifgroup ${elements(uplinks.map(String))} jump to_uplink`),
    ...[undefined, ...terms].map(
      (term, number) => `${during(term)}ct mark ${markOf(number)} ct state { established, related } accept`,
    ),
    'ct direction original ct state { new, established } jump openings',
    'ct direction reply ct state established jump answers',
    DROP,
  ];
}

/**
 * The router's ruleset. It knows interfaces by link group, never by name. Every hook denies what no rule allows, so that an
 * interface, a source or a protocol that nobody thought of is dropped:
 *
 * - prerouting: a source address is only believed on the interface of its own segment (RFC 2827); no rule allows IPv6;
 * - relay: what the policy declares as a broadcast is said again in other segments (relay.ts), in a table of its own;
 * - input: the router answers an echo request only on the address of the interface it came in by, and where it serves DHCP and DNS, that;
 * - forward: first the conversations that this very ruleset has allowed, known by the connection's mark; all others, also those that an
 *   earlier ruleset allowed or that somebody let in, are looked up: one set lookup over all flows, then internet for the segments that
 *   have it, and for the host link. Flows with a term have a mark for each, which means nothing any more when the term is over: then their
 *   conversations are looked up, too. So a revoked or expired flow ends with its conversations, and a conversation that stays allowed loses no packet when
 *   rulesets change.
 *
 * Whatever speaks of subnets or ranges is a rule for each: a set of them is empty for a moment in each swap (see flows.ts). What it denies would pass,
 * and one answer that passed would carry the mark and keep its conversation open for good.
 */
export function routerRuleset(policy: Policy): Ruleset {
  const uplinks = uplinkGroups(policy).map(({ group }) => group);
  const terms = termsOf(policy);
  const chains: (BaseChain | RegularChain)[] = [
    {
      name: 'prerouting',
      hook: 'filter hook prerouting priority raw',
      policy: 'drop',
      rules: sources(policy, uplinks),
    },
    { name: 'input', hook: 'filter hook input priority filter', policy: 'drop', rules: ownAddresses(policy, uplinks) },
    {
      name: 'forward',
      hook: 'filter hook forward priority filter',
      policy: 'drop',
      rules: forwarding(uplinks, terms),
    },
    {
      name: 'output',
      hook: 'filter hook output priority filter',
      policy: 'drop',
      rules: [`meta mark ${RELAYED} goto ${COPIES}`, 'meta nfproto ipv4 accept'],
    },
    ...copies(policy),
    {
      name: 'uplink_nat',
      hook: 'nat hook postrouting priority srcnat',
      policy: 'accept',
      rules: masquerade(policy, uplinks),
    },
    ...when(uplinks, {
      name: 'from_uplink',
      rules: [...inside(policy).map((subnet) => `ip saddr ${subnet} ${DROP}`), 'meta nfproto ipv4 accept'],
    }),
    ...when(uplinks, { name: 'to_uplink', rules: NOT_INTERNET.map((range) => `ip daddr ${range} ${DROP}`) }),
    { name: 'openings', rules: allowed(policy, uplinks, OPENING) },
    { name: 'answers', rules: allowed(policy, uplinks, ANSWER) },
    ...[undefined, ...terms].flatMap((_term, number) => [
      { name: internetChain(OPENING, number), rules: [allow(number)] },
      {
        name: internetChain(ANSWER, number),
        rules: [...NOT_INTERNET.map((range) => `ip saddr ${range} counter drop`), allow(number)],
      },
    ]),
  ];
  const [family, table] = ROUTER_TABLE;
  return tablesRuleset([{ family, table, chains: [DROP_CHAIN, ...chains], sets: DROPPED_SETS }, relayTable(policy)]);
}

function sources(policy: Policy, uplinks: readonly number[]): readonly string[] {
  return [
    'iif lo accept',
    ...policy.segments.map((segment) => `iifgroup ${segment.vlan} ip saddr ${segment.subnet} accept`),
    ...onHostLink(policy, ({ host }) => `iifgroup ${HOST_GROUP} ip saddr ${host} accept`),
    ...askedByNobody(policy),
    ...when(uplinks, `iifgroup ${elements(uplinks.map(String))} jump from_uplink`),
    DROP,
  ];
}

function ownAddresses(policy: Policy, uplinks: readonly number[]): readonly string[] {
  const own = [
    ...policy.segments.flatMap((segment) =>
      [segment.router, segment.gateway].map((address) => `${segment.vlan} . ${address}`),
    ),
    ...onHostLink(policy, ({ router }) => `${HOST_GROUP} . ${router}`),
  ];
  return [
    'iif lo accept',
    // Answers to the router itself. What others say to it has to be allowed each time: their conversation may have begun while there were no rules.
    'ct direction reply ct state established accept',
    ...when(own, `iifgroup . ip daddr ${elements(own)} icmp type echo-request counter accept`),
    ...servedInSegment(policy),
    // The kernel gives the router each copy of a message back, too: that is no drop of anybody's.
    ...when(policy.broadcasts, `meta mark ${RELAYED} counter drop`),
    // Whoever is out there knocks at every door: his pairs would crowd out the others'.
    ...when(uplinks, `iifgroup ${elements(uplinks.map(String))} counter drop`),
    DROP,
  ];
}

/** Flows, then the internet. */
function allowed(policy: Policy, uplinks: readonly number[], reading: Reading): readonly string[] {
  const online = [
    ...policy.segments.filter(({ internet }) => internet).map(({ vlan }) => vlan),
    ...onHostLink(policy, () => HOST_GROUP),
  ].flatMap((group) => uplinks.map((uplink) => `${group} . ${uplink} : jump ${reading.internet}`));
  return [...flowRules(policy, reading), ...when(online, `${reading.groups} vmap ${elements(online)}`)];
}

function masquerade(policy: Policy, uplinks: readonly number[]): readonly string[] {
  if (uplinks.length === 0) return [];
  const subnets = [
    ...segmentsOnline(policy).map(({ subnet }) => subnet),
    ...onHostLink(policy, ({ subnet }) => subnet),
  ];
  return subnets.map((subnet) => `oifgroup ${elements(uplinks.map(String))} ip saddr ${subnet} masquerade`);
}

/** All subnets on the router's inner side. */
function inside(policy: Policy): readonly string[] {
  return [...policy.segments.map(({ subnet }) => subnet), ...onHostLink(policy, ({ subnet }) => subnet)];
}

/** What is said of the host link, if there is one. */
function onHostLink<T>({ hostLink }: Policy, say: (link: HostLink) => T): readonly T[] {
  return hostLink === undefined ? [] : [say(hostLink)];
}
