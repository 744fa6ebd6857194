import type { Policy } from '../policy/index.ts';
import type { Expectation } from './expectation.ts';
import { expectations } from './expectations.ts';
import { INTERNET, ROUTER } from './network.ts';
import { type Party, permission } from './permission.ts';
import { type PolicyAt, policyAt } from './term.ts';

/** A conversation, or a broadcast to a segment, that one policy allows and the other doesn't. */
export interface ReachabilityChange {
  readonly from: string;
  readonly to: string;
  /** `icmp`, `tcp/443`: the first port of those that change; `broadcast udp/10110`, `239.192.0.1 udp/10110`. */
  readonly probe: string;
  /** The rule that allows it, in the policy that does. */
  readonly because: string;
}

export interface ReachabilityDifference {
  readonly opened: readonly ReachabilityChange[];
  readonly closed: readonly ReachabilityChange[];
}

/**
 * What a change of policy opens and closes between nodes, and from them to the internet, and what it relays from them to segments. Nobody reaches who isn't there. The router's own
 * conversations are left out: they are every node's.
 *
 * Complete, for what a policy says of ports changes only at a range's first port and after its last, and of these each has its expectation.
 * @param before null: no policy is in force
 * @param at the moment of which is asked (milliseconds since 1970): what a flow's term makes of it later is not said
 */
export function reachabilityDifference(before: Policy | null, after: Policy, at: number): ReachabilityDifference {
  const [was, is] = [before === null ? null : policyAt(before, at), policyAt(after, at)];
  const all = (without: PolicyAt | null, withIt: PolicyAt) => [
    ...gained(without, withIt, at),
    ...relayed(without, withIt),
  ];
  return { opened: all(was, is), closed: was === null ? [] : all(is, was) };
}

/** What the second policy relays to a segment, and the first doesn't. */
function relayed(without: Policy | null, withIt: Policy): readonly ReachabilityChange[] {
  const already = new Set(without === null ? [] : broadcastsOf(without).map(({ id }) => id));
  return broadcastsOf(withIt).flatMap(({ id, change }) => (already.has(id) ? [] : [change]));
}

function broadcastsOf({ broadcasts }: Policy) {
  return broadcasts.flatMap(({ name, from, to, port, group = 'broadcast' }) =>
    to.map((segment) => {
      const change: ReachabilityChange = {
        ...{ from, to: segment, probe: `${group} udp/${port}` },
        because: `broadcast ${name}`,
      };
      return { id: `${from} ${segment} ${change.probe}`, change };
    }),
  );
}

/** What the second policy allows, and the first doesn't. */
function gained(without: PolicyAt | null, withIt: PolicyAt, at: number): readonly ReachabilityChange[] {
  const asked = new Map<string, Expectation>();
  for (const policy of without === null ? [withIt] : [without, withIt]) {
    for (const expectation of expectations(policy, at)) {
      if (expectation.from !== ROUTER && expectation.to !== ROUTER) asked.set(expectation.id, expectation);
    }
  }
  return [...asked.values()].flatMap((expectation) => {
    const now = permissionIn(withIt, expectation);
    if (now?.allowed !== true || (without !== null && permissionIn(without, expectation)?.allowed === true)) return [];
    const { from, to, probe } = expectation;
    const name = probe.protocol === 'icmp' ? 'icmp' : `${probe.protocol}/${probe.port}`;
    return [{ from, to, probe: name, because: now.because }];
  });
}

/** null: one of both isn't there. */
function permissionIn(policy: PolicyAt, { from, to, probe }: Expectation) {
  const [source, target] = [partyIn(policy, from), partyIn(policy, to)];
  return source === null || target === null ? null : permission(policy, source, target, probe);
}

function partyIn(policy: Policy, name: string): Party | null {
  if (name === INTERNET) return policy.uplinks.length > 0 ? { kind: 'internet' } : null;
  const node = policy.nodes.find((one) => one.name === name);
  return node === undefined ? null : { kind: 'node', name, segment: node.segment };
}
