import type { Flow, Node, Policy, Segment } from '../../policy/index.ts';
import { toAddress, toSubnet } from '../../policy/ipv4.ts';
import { INTERNET } from '../../truck/network.ts';
import { routerMac } from '../../truck/router-mac.ts';
import { allowed } from './allowed.ts';
import type { Stream } from './stream.ts';

/** Milliseconds between two packets of a conversation. */
const TALK_EVERY_MS = 4;
/** Where an innocent service might listen; it is probed unless a flow opens it. */
const PORT = 7007;

/**
 * What is worth sending for a policy, pure: few streams, because a slow machine shares its packets among them.
 *
 * What is forbidden goes as frames, in turns to the router, past it to the target itself, and to the truck's own MAC address; for each
 * ordered pair of segments from a container and a device of the one to a container and a device of the other, and once with the source
 * address of the target's neighbour. What is allowed are conversations, a ping in each segment, one to the internet from each that has it, and
 * one for each flow, icmp or udp, from node to node.
 * @param policies that may be in force
 * @param trunkMac the MAC address of the truck's interface to the switch
 * @param pace whether each forbidden stream has a packet a millisecond, or all of them together
 */
export function streamsOf(
  policies: readonly Policy[],
  { trunkMac, pace }: { readonly trunkMac: string; readonly pace: 'each' | 'together' },
): readonly Stream[] {
  const frames = unique(policies.flatMap((policy) => forbidden(policy, trunkMac)));
  const everyMs = pace === 'each' ? 1 : frames.length;
  return [...unique(policies.flatMap(conversations)), ...frames.map((stream) => ({ ...stream, everyMs }))];
}

/** A container and a device of a segment, as far as there are any. */
function representatives(policy: Policy, segment: string): readonly Node[] {
  const nodes = policy.nodes.filter((node) => node.segment === segment);
  return (['container', 'device'] as const).flatMap((kind) => {
    const found = nodes.find((node) => node.kind === kind);
    return found === undefined ? [] : [found];
  });
}

function conversations(policy: Policy): readonly Stream[] {
  const within = policy.segments.flatMap(({ name, router }): readonly Stream[] => {
    const [one, other] = representatives(policy, name);
    return one === undefined ? [] : [ping(one, other?.address ?? router, other?.name ?? 'router')];
  });
  const outwards = policy.segments.flatMap(({ name, internet }): readonly Stream[] => {
    const one = representatives(policy, name).at(-1);
    return one === undefined || !internet ? [] : [ping(one, policy.internet.probe, INTERNET)];
  });
  const declared = policy.flows.flatMap((flow): readonly Stream[] => {
    const [from, to] = [sideOf(policy, flow.from), sideOf(policy, flow.to)];
    if (from === undefined || to === undefined || flow.protocol === 'tcp') return [];
    if (flow.protocol === 'icmp') return [ping(from, to.address, to.name)];
    const port = portOf(flow);
    const packets = { kind: 'datagrams', port } as const;
    const name = `${from.name} to ${to.name} at ${port}/udp`;
    return [{ name, from: from.name, to: to.address, everyMs: TALK_EVERY_MS, packets }];
  });
  return [...within, ...outwards, ...declared];
}

function ping(from: Node, to: string, name: string): Stream {
  const packets = { kind: 'pings' } as const;
  return { name: `${from.name} pings ${name}`, from: from.name, to, everyMs: TALK_EVERY_MS, packets };
}

/** A node that takes part in a flow. */
function sideOf(policy: Policy, party: string): Node | undefined {
  return policy.nodes.find(({ name }) => name === party) ?? representatives(policy, party)[0];
}

function portOf({ ports: [range] }: Flow): number {
  return range?.from ?? PORT;
}

function forbidden(policy: Policy, trunkMac: string): readonly Stream[] {
  const streams = policy.segments.flatMap((segment) =>
    representatives(policy, segment.name).flatMap((from): readonly Stream[] => [
      ...policy.segments
        .filter((other) => other !== segment)
        .flatMap((other) => across(policy, from, segment, other, trunkMac)),
      frames(from, from.address, policy.internet.probe, INTERNET, [routerMac(segment), trunkMac]),
    ]),
  );
  return streams.filter((stream) => !allowed(policy, stream));
}

function across(policy: Policy, from: Node, segment: Segment, other: Segment, trunkMac: string): readonly Stream[] {
  const targets = representatives(policy, other.name);
  const [first] = targets;
  const past = [routerMac(segment), trunkMac];
  const honest = targets.map((to) => frames(from, from.address, to.address, to.name, [to.mac, ...past]));
  if (first === undefined || from.kind !== 'container') return honest;
  const neighbour = neighbourOf(other, first.address);
  return [...honest, frames(from, neighbour, first.address, `${first.name} as ${neighbour}`, [first.mac, ...past])];
}

/** Another address of the same subnet. */
function neighbourOf({ subnet, router }: Segment, address: string): string {
  for (let number = toSubnet(subnet).network + 1; ; number++) {
    const found = toAddress(number);
    if (found !== address && found !== router) return found;
  }
}

function frames(from: Node, source: string, to: string, name: string, macs: readonly string[]): Stream {
  const packets = { kind: 'frames', source, macs, protocol: 'udp', port: PORT } as const;
  return { name: `${from.name} at ${name}`, from: from.name, to, everyMs: 1, packets };
}

function unique(streams: readonly Stream[]): readonly Stream[] {
  return [...new Map(streams.map((stream) => [JSON.stringify(stream), stream])).values()];
}
