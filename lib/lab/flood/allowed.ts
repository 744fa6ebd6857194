import type { Node, Policy } from '../../policy/index.ts';
import { contains, toNumber, toSubnet } from '../../policy/ipv4.ts';
import type { Probe } from '../../truck/expectation.ts';
import { INTERNET } from '../../truck/network.ts';
import { type Party, permission } from '../../truck/permission.ts';
import { policyAt } from '../../truck/term.ts';
import type { Stream } from './stream.ts';

/** What a stream is in the eyes of a policy. */

/** May these packets reach their target? A flow with a term counts for nothing: a flood says nothing of the time of day. */
export function allowed(policy: Policy, stream: Stream): boolean {
  const [from, to] = [senderOf(policy, stream), targetOf(policy, stream.to)];
  return from !== null && to !== null && permission(policyAt(policy, null), from, to, probeOf(stream)).allowed;
}

/**
 * May a packet of the stream be heard at this place? In its own segment anything may be heard, because a switch that doesn't know the
 * receiver sends to everybody; elsewhere only in the target's, and only what may reach it. Answers take the same way back.
 */
export function mayBeHeard(policy: Policy, stream: Stream, place: string): boolean {
  const sender = nodeOf(policy, stream.from);
  if (sender === undefined) return false;
  const segment = nodeOf(policy, place)?.segment;
  if (segment === sender.segment) return true;
  const target = targetOf(policy, stream.to);
  if (target === null || !allowed(policy, stream)) return false;
  return target.kind === 'internet' ? place === INTERNET : segment !== undefined && segment === target.segment;
}

/** Who has the address; null: nobody. */
export function targetOf(policy: Policy, address: string): Party | null {
  if (address === policy.internet.probe) return { kind: 'internet' };
  const node = policy.nodes.find((candidate) => candidate.address === address);
  if (node !== undefined) return { kind: 'node', name: node.name, segment: node.segment };
  const segment = policy.segments.find(({ router, gateway }) => address === router || address === gateway);
  return segment === undefined ? null : { kind: 'router', segment: segment.name };
}

/**
 * As whom it comes into its segment: who has the source address there, or, where nobody has it, a nameless one. null: not a source of
 * that segment, so nobody.
 */
function senderOf(policy: Policy, { from, packets }: Stream): Party | null {
  const node = nodeOf(policy, from);
  if (node === undefined) return null;
  if (packets.kind !== 'frames') return { kind: 'node', name: node.name, segment: node.segment };
  const subnet = policy.segments.find(({ name }) => name === node.segment)?.subnet;
  if (subnet === undefined || !contains(toSubnet(subnet), toNumber(packets.source))) return null;
  const owner = targetOf(policy, packets.source);
  if (owner?.kind === 'router') return null;
  return { kind: 'node', name: owner?.kind === 'node' ? owner.name : '', segment: node.segment };
}

function probeOf({ packets }: Stream): Probe {
  if (packets.kind === 'pings') return { protocol: 'icmp' };
  if (packets.kind === 'datagrams') return { protocol: 'udp', port: packets.port };
  return packets.protocol === 'icmp' ? { protocol: 'icmp' } : { protocol: 'udp', port: packets.port };
}

export function nodeOf(policy: Policy, name: string): Node | undefined {
  return policy.nodes.find((node) => node.name === name);
}
