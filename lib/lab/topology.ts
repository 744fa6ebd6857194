import type { DeviceNode, Policy } from '../policy/index.ts';
import { uplinkNetworks } from './uplink-networks.ts';

/**
 * The article's topology around one truck: a managed switch with the truck on its trunk port and a device on each access port, and the
 * internet behind the uplink. Each is a network namespace; the cables are veth pairs. Pure: what `ip` and `bridge` are told.
 */
export interface Topology {
  /** Names of the namespaces to make, in order. */
  readonly namespaces: readonly string[];
  /** Commands for `ip -n NAMESPACE -batch -`, in order. */
  readonly ip: readonly Batch[];
  /** Commands for `bridge -n NAMESPACE -batch -`, after those. */
  readonly bridge: readonly Batch[];
}

interface Batch {
  readonly namespace: string;
  readonly commands: readonly string[];
}

/** The places of a lab that are no nodes of the policy. */
export type Place = 'truck' | 'switch' | 'internet';

/**
 * Name of the namespace of a place or a device. Names of labs and nodes hold hyphens but no dots, so no lab's name begins with
 * another's, nor with that of a canary.
 */
export function namespaceOf(lab: string, place: Place | (string & {})): string {
  return `fb.${lab}.${place}`;
}

export function topology(lab: string, policy: Policy): Topology {
  const name = (place: string) => namespaceOf(lab, place);
  const devices = policy.nodes.filter((node) => node.kind === 'device');
  return {
    namespaces: ['truck', 'switch', 'internet', ...devices.map((device) => device.name)].map(name),
    ip: [
      { namespace: name('truck'), commands: truck(policy, name) },
      { namespace: name('switch'), commands: managedSwitch(devices, name) },
      { namespace: name('internet'), commands: internet(policy) },
      ...devices.map((device) => ({ namespace: name(device.name), commands: endDevice(policy, device) })),
    ],
    bridge: [{ namespace: name('switch'), commands: vlans(policy, devices) }],
  };
}

function truck(policy: Policy, name: (place: string) => string): readonly string[] {
  const { interface: trunk } = policy.trunk;
  return [
    'link set dev lo up',
    `link add name ${trunk} type veth peer name trunk netns ${name('switch')}`,
    `link set dev ${trunk} up`,
    ...policy.uplinks.flatMap((uplink) => [
      `link add name ${uplink.interface} type veth peer name ${uplink.interface} netns ${name('internet')}`,
      `link set dev ${uplink.interface} up`,
    ]),
  ];
}

/** With the kernel's default pvid 1, VLAN 1 would leak to every port; here each port has what it is given and nothing else. */
function managedSwitch(devices: readonly DeviceNode[], name: (place: string) => string): readonly string[] {
  return [
    'link set dev lo up',
    'link add name switch type bridge vlan_filtering 1 vlan_default_pvid 0 stp_state 0 forward_delay 0 mcast_snooping 0',
    'link set dev switch up',
    'link set dev trunk master switch',
    'link set dev trunk up',
    ...devices.flatMap((device, index) => [
      `link add name port${index + 1} type veth peer name eth0 address ${device.mac} netns ${name(device.name)}`,
      `link set dev port${index + 1} master switch`,
      `link set dev port${index + 1} up`,
    ]),
  ];
}

function vlans(policy: Policy, devices: readonly DeviceNode[]): readonly string[] {
  return [
    ...policy.segments.map(({ vlan }) => `vlan add dev trunk vid ${vlan}`),
    ...devices.map(
      (device, index) => `vlan add dev port${index + 1} vid ${segmentOf(policy, device).vlan} pvid untagged`,
    ),
  ];
}

function internet(policy: Policy): readonly string[] {
  return [
    'link set dev lo up',
    `address add ${policy.internet.probe}/32 dev lo`,
    ...uplinkNetworks(policy).flatMap(({ link, gateway }) => [
      `address add ${gateway} dev ${link}`,
      `link set dev ${link} up`,
    ]),
  ];
}

function endDevice(policy: Policy, device: DeviceNode): readonly string[] {
  const segment = segmentOf(policy, device);
  return [
    'link set dev lo up',
    `address add ${device.address}/${segment.prefixLength} dev eth0`,
    'link set dev eth0 up',
    `route add default via ${segment.router} dev eth0`,
  ];
}

function segmentOf(policy: Policy, device: DeviceNode) {
  const segment = policy.segments.find(({ name }) => name === device.segment);
  if (segment === undefined) throw new Error(`device ${device.name} is in no segment of this policy`);
  return segment;
}
