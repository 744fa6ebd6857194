import { assignAddresses } from './assign.ts';
import { tenantsBySegment } from './checks/addresses.ts';
import type { Draft } from './draft.ts';
import { HOST_LINK, HOST_LINK_BRIDGE } from './host-link.ts';
import { bridgeName, vlanInterfaceName } from './interface-names.ts';
import { toAddress, toSubnet } from './ipv4.ts';
import { DEFAULT_LEASE_SECONDS, secondsIn } from './lease-time.ts';
import { containerMacs } from './mac.ts';
import type { Addressing, Broadcast, Flow, HostLink, Node, Policy, Segment, Term, Uplink } from './policy.ts';
import { mergeRanges, toRange } from './ports.ts';
import { revisionOf } from './revision.ts';
import type { BroadcastEntry, FlowEntry, HostEntry, PolicyDocument, SegmentEntry, UplinkEntry } from './schema.ts';

/** The policy that a document means. The document has passed every check: nothing is missing, and everything fits. */
export function normalise(document: PolicyDocument, draft: Draft): Policy {
  const tenants = tenantsBySegment(draft);
  const placed = byName(draft.segments).map(([name, entry]) => ({
    segment: { name, entry },
    assignment: assignAddresses(entry, tenants.get(name) ?? []),
  }));
  const addresses = new Map(placed.flatMap(({ assignment }) => [...assignment.tenants]));
  return {
    revision: revisionOf(document),
    trunk: { interface: document.trunk.interface },
    ...(document.host?.internet === true && { hostLink: hostLink(document.host) }),
    uplinks: byName(draft.uplinks)
      .map(([name, entry]) => uplink(name, entry))
      .sort((a, b) => a.priority - b.priority),
    segments: placed.map(({ segment: { name, entry }, assignment }) =>
      segment(document, name, entry, must(assignment.gateway), must(assignment.canary)),
    ),
    nodes: nodes(draft, addresses),
    flows: byName(draft.flows).map(([name, entry]) => flow(name, entry)),
    broadcasts: byName(draft.broadcasts).map(([name, entry]) => broadcast(name, entry)),
    internet: { probe: document.internet.probe },
    dns: { servers: [...new Set(document.dns?.servers)] },
  };
}

function hostLink({ subnet }: HostEntry): HostLink {
  const { network, prefixLength } = toSubnet(subnet);
  const [router, host] = [toAddress(network + 1), toAddress(network + 2)];
  return { name: HOST_LINK, bridge: HOST_LINK_BRIDGE, subnet, prefixLength, router, host };
}

function uplink(name: string, entry: UplinkEntry): Uplink {
  const { interface: link, driver, priority } = entry;
  return { name, interface: link, driver, priority, addressing: addressing(entry) };
}

function addressing({ dhcp, subnet, address, gateway }: UplinkEntry): Addressing {
  return dhcp
    ? { kind: 'dhcp' }
    : { kind: 'static', subnet: must(subnet), address: must(address), gateway: must(gateway) };
}

function segment(
  document: PolicyDocument,
  name: string,
  entry: SegmentEntry,
  gateway: number,
  canary: number,
): Segment {
  return {
    name,
    vlan: entry.vlan,
    subnet: entry.subnet,
    prefixLength: toSubnet(entry.subnet).prefixLength,
    router: entry.router,
    gateway: toAddress(gateway),
    ...(entry.pool && { pool: entry.pool }),
    canary: toAddress(canary),
    internet: entry.internet,
    ...dhcp(entry),
    bridge: bridgeName(name, entry),
    vlanInterface: vlanInterfaceName(document.trunk, entry),
  };
}

/** Served unless it is said otherwise, where there is a pool to serve from. */
function dhcp({ dhcp: said, pool }: SegmentEntry): Pick<Segment, 'dhcp'> {
  if (said === false || (said === undefined && pool === undefined)) return {};
  const { lease, ntp = [] } = typeof said === 'object' ? said : {};
  return { dhcp: { leaseSeconds: lease === undefined ? DEFAULT_LEASE_SECONDS : secondsIn(lease), ntp } };
}

function nodes(draft: Draft, addresses: ReadonlyMap<string, number>): Node[] {
  const addressOf = (name: string) => toAddress(must(addresses.get(name)));
  const containers = byName(draft.containers);
  const macs = containerMacs(
    containers.map(([name]) => name),
    [...draft.devices.values()].map(({ mac }) => mac),
  );
  const all: Node[] = [
    ...containers.map(([name, { segment: home, image, command, environment }]) => ({
      kind: 'container' as const,
      name,
      segment: home,
      address: addressOf(name),
      mac: must(macs.get(name)),
      ...(image !== undefined && { image }),
      ...(command && { command }),
      ...(environment && { environment }),
      adopted: image === undefined,
    })),
    ...byName(draft.devices).map(([name, { segment: home, mac }]) => ({
      kind: 'device' as const,
      name,
      segment: home,
      address: addressOf(name),
      mac,
    })),
  ];
  return all.sort((a, b) => (a.name < b.name ? -1 : 1));
}

function flow(name: string, entry: FlowEntry): Flow {
  const { from, to, protocol, ports = [], owner, reason } = entry;
  const term = termOf(entry);
  return {
    ...{ name, from, to, protocol, ports: mergeRanges(ports.map(toRange)) },
    ...(term && { term }),
    ...(owner !== undefined && { owner }),
    ...(reason !== undefined && { reason }),
  };
}

function termOf({ starts, expires }: FlowEntry): Term | undefined {
  if (starts === undefined && expires === undefined) return undefined;
  return {
    ...(starts !== undefined && { starts: Date.parse(starts) }),
    ...(expires !== undefined && { expires: Date.parse(expires) }),
  };
}

function broadcast(name: string, { from, to, port, group, rate, size }: BroadcastEntry): Broadcast {
  return { name, from, to: [...new Set(to)].sort(), port, ...(group !== undefined && { group }), rate, size };
}

function byName<Entry>(section: ReadonlyMap<string, Entry>): [string, Entry][] {
  return [...section].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** The checks have made sure of it; if they have not, that is a fault of ours and not of the document. */
function must<Value>(value: Value | undefined): Value {
  if (value === undefined)
    throw new Error('A policy that passed the checks lacks something they should have asked for.');
  return value;
}
