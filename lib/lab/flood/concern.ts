import type { Node, Policy, Segment } from '../../policy/index.ts';
import { nodeOf, targetOf } from './allowed.ts';
import type { Stream } from './stream.ts';

/**
 * Why a change concerns a conversation, so that it may lose packets meanwhile; null: it does not, and nothing may be lost. Narrowly: what
 * the conversation itself stands on is another thing than before, be it one of its ends, its segment's network, or, where it leaves its
 * segment, the router's place in that and its uplink.
 */
export function concern(before: Policy, after: Policy, { from, to }: Stream): string | null {
  const target = targetOf(before, to);
  const ends = [from, ...(target?.kind === 'node' ? [target.name] : [])];
  for (const end of ends) {
    const reason = nodeConcern(before, after, end);
    if (reason !== null) return reason;
  }
  const segments = [...new Set(ends.map((end) => nodeOf(before, end)?.segment ?? ''))];
  const withinOne = target?.kind === 'node' && segments.length === 1;
  const toDevice = ends.some((end) => nodeOf(before, end)?.kind === 'device');
  for (const name of segments) {
    const [was, is] = [before, after].map((policy) => policy.segments.find((segment) => segment.name === name));
    const reason = segmentConcern(was, is, { leaves: !withinOne, toDevice });
    if (reason !== null) return reason;
  }
  if (target?.kind === 'internet' && !same(before.uplinks[0], after.uplinks[0])) return 'its uplink is another';
  return null;
}

function nodeConcern(before: Policy, after: Policy, name: string): string | null {
  const [was, is] = [before, after].map((policy) => nodeOf(policy, name));
  if (was === undefined || is === undefined) return `${name} comes or goes`;
  return same<Node>(was, is) ? null : `${name} is made anew`;
}

function segmentConcern(
  was: Segment | undefined,
  is: Segment | undefined,
  { leaves, toDevice }: { readonly leaves: boolean; readonly toDevice: boolean },
): string | null {
  if (was === undefined || is === undefined) return 'its segment comes or goes';
  // Docker can't change a network: it is made anew, and its containers with it.
  const network = ({ subnet, gateway, bridge }: Segment) => ({ subnet, gateway, bridge });
  if (!same(network(was), network(is))) return `the network ${was.name} is made anew`;
  if (was.vlan !== is.vlan && (leaves || toDevice)) return `${was.name} has another VLAN`;
  if (was.vlanInterface !== is.vlanInterface && toDevice) return `${was.name} has another VLAN link`;
  if (was.router !== is.router && leaves) return `the router has another address in ${was.name}`;
  return null;
}

function same<Value>(one: Value, other: Value): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
