/**
 * A way round the router, or through it, that an attacker could try. What the matrix asks politely, by ordinary sockets and as the sender
 * that one is, a bypass attempts with a frame of its own making.
 */

/** Every kind of bypass, and the countermeasure that closes it. */
export const BYPASSES = {
  'another segment through the host':
    'the host drops what its IP layer gets from a segment, and forwards nothing of it',
  'the host’s own addresses and services': 'the host drops what its IP layer gets from a segment',
  'the internet past the router': 'the host drops what its IP layer gets from a segment, before it could masquerade it',
  'ARP for addresses elsewhere': 'the edge drops questions about other segments, and the host answers none',
  'the router’s other addresses': 'the router hears a node only on its addresses in the node’s segment',
  'the router’s services':
    'the router answers echo requests of its segments, DNS and DHCP clients where it serves them, and nothing else',
  'inbound from the uplink': 'no flow begins at the internet: edge and router drop it',
  'the uplink’s own network': 'the router lets no private address pass as the internet',
  'spoofed sources': 'a source is believed only on the interface of its own segment',
  'tagged frames': 'VLAN links let no tag inside a tag pass, and the switch none from an access port',
  'double-tagged frames': 'VLAN links let no tag inside a tag pass, and the switch none from an access port',
  IPv6: 'the host speaks none, the router drops it, VLAN links let none pass',
  'broadcast and multicast':
    'each segment has a bridge of its own, and the router relays only what is declared, of its source only',
  'the router’s address taken': 'the edge lets nobody else than the router say that it has the router’s address',
} as const;

export type BypassKind = keyof typeof BYPASSES;

export interface BypassAttempt {
  /** Unique within one list: `tagged frames: container1>container2 VLAN 2`. */
  readonly id: string;
  readonly kind: BypassKind;
  /** Name of the node that sends it, or `internet`. */
  readonly from: string;
  /** The uplink by which `internet` sends it. */
  readonly uplink?: string;
  readonly frame: FrameDescription;
  /** Where it would like to go: a segment's name, or one of the others. There somebody must be listening, or silence proves nothing. */
  readonly aim: string | typeof HOST | typeof ROUTER_ITSELF | typeof OUTSIDE | typeof SENDER;
  /** The countermeasure that closes it, in words. */
  readonly because: string;
  /** A real truck would feel it, so it is sent only when asked for. */
  readonly disturbs?: true;
}

/** Aims that are no segments; no segment's name holds a colon. */
export const HOST = ':host';
export const ROUTER_ITSELF = ':router';
export const OUTSIDE = ':outside';
/** Only an answer would tell. */
export const SENDER = ':sender';

/** A frame in words of the truck network: who has which MAC address is known only on the truck. */
export interface FrameDescription {
  /** Whose MAC address it is sent to: that of the sender's segment where there are several. */
  readonly to: 'router' | 'bridge' | 'broadcast' | 'group' | { readonly node: string };
  /** VLAN IDs of its 802.1Q tags, the outermost first. */
  readonly tags: readonly number[];
  readonly packet: ArpDescription | Ipv4Description | Ipv6Description;
}

export interface ArpDescription {
  readonly type: 'arp';
  /** Whose address the sender says is its own; always with its own MAC address. */
  readonly sender: string;
  /** The address asked for; the sender's own in an announcement (RFC 5227). */
  readonly target: string;
}

export interface Ipv4Description {
  readonly type: 'ipv4';
  readonly source: string;
  readonly destination: string;
  readonly protocol: 'icmp' | 'tcp' | 'udp';
  /** Destination port; of ICMP 0. */
  readonly port: number;
}

/** The source is what the sender's MAC address makes of the destination's prefix, or of fe80::. */
export interface Ipv6Description {
  readonly type: 'ipv6';
  /** A prefix (`fe80::`, `fd00:fb::`), to be completed from the receiver's MAC address, or a multicast group. */
  readonly destination: string;
  readonly protocol: 'icmp' | 'udp';
}

/** What has to be found out on the truck before attempts can be listed. */
export interface Surroundings {
  /** IPv4 addresses of the host itself. */
  readonly hostAddresses: readonly string[];
  /** Uplinks that the router is attached to. */
  readonly uplinks: readonly UplinkSurroundings[];
  /** Addresses of canaries, by the device for which they stand in. */
  readonly standIns: Readonly<Record<string, string>>;
}

export interface UplinkSurroundings {
  readonly name: string;
  /** The router's address. */
  readonly router: string;
  /** The router's next hop. */
  readonly gateway?: string;
  /** Address of a vantage in the uplink's network, from where can be sent. */
  readonly outside?: string;
}
