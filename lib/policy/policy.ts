/**
 * The checked policy: what `checkDocument` makes of a document that has no faults, with nothing left to default or to look up.
 *
 * The document is short and forgiving, for the operator; this is complete and ordered, for the compiler. Lists are sorted, so
 * that equal policies give equal truck networks, whatever the order in which they were written.
 */
export interface Policy {
  readonly revision: Revision;
  readonly trunk: { readonly interface: string };
  /** Absent: the host has no way to the router. */
  readonly hostLink?: HostLink;
  /** The preferred one first: sorted by priority, then by name. */
  readonly uplinks: readonly Uplink[];
  /** Sorted by name. */
  readonly segments: readonly Segment[];
  /** Containers and devices together, sorted by name. The router is not among them: every segment names its addresses. */
  readonly nodes: readonly Node[];
  /** Sorted by name. What is not declared here, and is not a segment's internet access, is dropped. */
  readonly flows: readonly Flow[];
  /** Sorted by name. No other broadcast leaves its segment. */
  readonly broadcasts: readonly Broadcast[];
  readonly internet: { readonly probe: string };
  /** Outside the truck; the router asks them for names that are no node's. */
  readonly dns: { readonly servers: readonly string[] };
}

/** Which policy this is: the sequence number is counted by its author, the hash follows from its content. */
export interface Revision {
  readonly sequence: number;
  /** 12 hexadecimal digits. Equal content gives an equal hash: order, format and spelled-out defaults do not matter. */
  readonly hash: string;
  /** `SEQUENCE-HASH`, for humans, labels and topics. */
  readonly id: string;
}

/** The host's own way to the router, and through it to the internet: a network of which only these two are part. */
export interface HostLink {
  /** As a Docker network. */
  readonly name: string;
  readonly bridge: string;
  /** In CIDR notation; it has room for two. */
  readonly subnet: string;
  readonly prefixLength: number;
  readonly router: string;
  readonly host: string;
}

/** One way for the router to reach the internet. */
export interface Uplink {
  readonly name: string;
  readonly interface: string;
  readonly driver: 'ipvlan' | 'macvlan';
  readonly priority: number;
  readonly addressing: Addressing;
}

/** How the router gets its address in the uplink's network. */
export type Addressing =
  | { readonly kind: 'dhcp' }
  | { readonly kind: 'static'; readonly subnet: string; readonly address: string; readonly gateway: string };

/** One isolated network. */
export interface Segment {
  readonly name: string;
  readonly vlan: number;
  /** In CIDR notation, with no host bits set. */
  readonly subnet: string;
  readonly prefixLength: number;
  /** The router's address: the nodes' next hop, and what they may ping. */
  readonly router: string;
  /** The router's second address, which Docker hands to containers as their gateway. */
  readonly gateway: string;
  readonly pool?: AddressRange;
  /** An address that belongs to nobody: the isolation tester may take it to stand in for a device. No lease may use it. */
  readonly canary: string;
  readonly internet: boolean;
  /** Absent: the router serves neither DHCP nor DNS here. */
  readonly dhcp?: Dhcp;
  readonly bridge: string;
  /** The trunk's VLAN sub-interface, the bridge's port towards the switch: `TRUNK.VLAN`. */
  readonly vlanInterface: string;
}

/** The router's DHCP and DNS server in a segment. */
export interface Dhcp {
  readonly leaseSeconds: number;
  readonly ntp: readonly string[];
}

/** Both ends belong to it. */
export interface AddressRange {
  readonly from: string;
  readonly to: string;
}

export type Node = ContainerNode | DeviceNode;

/** A virtual node. */
export interface ContainerNode {
  readonly kind: 'container';
  readonly name: string;
  readonly segment: string;
  readonly address: string;
  /** Locally administered, always the same for this name. */
  readonly mac: string;
  readonly image?: string;
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** A third party makes and starts it; it is recognised by its name. Then there is no image. */
  readonly adopted: boolean;
}

/** A physical node behind the switch. */
export interface DeviceNode {
  readonly kind: 'device';
  readonly name: string;
  readonly segment: string;
  readonly address: string;
  readonly mac: string;
}

export type Protocol = 'icmp' | 'tcp' | 'udp';

/** One declared conversation. `from` and `to` each name a node, a segment, or `internet` (only `to`). */
export interface Flow {
  readonly name: string;
  readonly from: string;
  readonly to: string;
  readonly protocol: Protocol;
  /** Destination ports, sorted, neither overlapping nor adjacent. Empty: all ports, or icmp, which has none. */
  readonly ports: readonly PortRange[];
  /** Absent: always in force. */
  readonly term?: Term;
  /** Who answers for it, and what it is for. */
  readonly owner?: string;
  readonly reason?: string;
}

/** When a flow is in force: from `starts`, if that is given, to before `expires`, if that is. Milliseconds since 1970 (UTC), whole seconds. */
export interface Term {
  readonly starts?: number;
  readonly expires?: number;
}

/** Both ends belong to it; a single port has `from` equal to `to`. */
export interface PortRange {
  readonly from: number;
  readonly to: number;
}

/** A common message that is relayed: by UDP, from one node to everybody in its segment, and from there to everybody in others. */
export interface Broadcast {
  readonly name: string;
  /** A node whose MAC address is known. */
  readonly from: string;
  /** Segments other than the sender's; sorted. */
  readonly to: readonly string[];
  /** UDP destination port. */
  readonly port: number;
  /** Multicast group; absent: to everybody. */
  readonly group?: string;
  /** Messages a second at most. */
  readonly rate: number;
  /** Bytes of UDP payload at most. */
  readonly size: number;
}
