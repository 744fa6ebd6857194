import type { Revision } from '../policy/index.ts';
import type { AddressService } from './address-service.ts';

/**
 * The truck network: what a policy means on one truck. Pure data, complete: nothing that the network manager builds is
 * decided anywhere else.
 */
export interface TruckNetwork {
  readonly revision: Revision;
  readonly links: readonly Link[];
  readonly sysctls: readonly Sysctl[];
  /** Interfaces with which the host's IP layer has nothing to do: the trunk and all links but the host link. */
  readonly closedLinks: readonly string[];
  readonly hostLink?: HostLink;
  readonly hostRuleset: Ruleset;
  /** What may cross the segments' bridges at all. */
  readonly edgeRuleset: Ruleset;
  readonly networks: readonly ContainerNetwork[];
  /** Containers of the policy, made by us or adopted; without the router. */
  readonly containers: readonly (OwnContainer | AdoptedContainer)[];
  readonly router: Router;
}

/** A Linux network interface that the network manager owns (ip-link(8)). */
export type Link = BridgeLink | VlanLink;

export interface BridgeLink {
  readonly kind: 'bridge';
  readonly name: string;
  /** The host's address on the host link, with prefix length. A segment's bridge has none. */
  readonly address?: string;
}

export interface VlanLink {
  readonly kind: 'vlan';
  readonly name: string;
  /** The trunk's interface. */
  readonly parent: string;
  /** IEEE 802.1Q VLAN ID, 1 to 4094. */
  readonly vlan: number;
  /** The bridge whose port it is. */
  readonly bridge: string;
}

/** The host's own way to the router: what may pass there, and the route that leads to it. */
export interface HostLink {
  readonly bridge: string;
  readonly host: string;
  readonly router: string;
  readonly routerMac: string;
  /** Subnets of the segments: none of them is ever at the other end. */
  readonly segments: readonly string[];
  readonly route: HostRoute;
}

/**
 * Behind whatever default route of its own a host that is online has, and before those that NetworkManager considers to lead nowhere: to their
 * metric it adds 20,000.
 */
export const HOST_ROUTE_METRIC = 10_000;

/** A default route of the host (ip-route(8)). */
export interface HostRoute {
  readonly link: string;
  readonly gateway: string;
  /** The address that the host's packets have there; when it goes, the kernel removes the route. */
  readonly source: string;
  readonly metric: number;
}

export interface Sysctl {
  /** Path below /proc/sys, slashes as separators, because interface names hold dots. */
  readonly path: string;
  readonly value: string;
  /** Absent while its kernel module is not loaded (br_netfilter): then there is nothing to set. */
  readonly optional?: true;
}

/** A ruleset as text for `nft -f -`, and the fingerprint that it carries inside the kernel. */
export interface Ruleset {
  readonly text: string;
  readonly fingerprint: string;
}

/** A Docker network: one per segment and one per uplink, and the host link. */
export interface ContainerNetwork {
  readonly name: string;
  readonly role: 'segment' | 'uplink' | 'host';
  /** The bridge of a segment or of the host link. */
  readonly bridge?: string;
  readonly driver: 'bridge' | 'ipvlan' | 'macvlan';
  readonly subnet: string;
  readonly gateway: string;
  /** Docker leads nobody out of it: its containers get no default route there. */
  readonly internal?: true;
  readonly options: Readonly<Record<string, string>>;
}

/** Where a container is attached. */
export interface Endpoint {
  readonly network: string;
  readonly address: string;
}

export interface OwnContainer {
  readonly kind: 'own';
  readonly name: string;
  readonly image: string;
  readonly mac: string;
  readonly endpoint: Endpoint;
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

/** A third party's container: never made or removed by us, only attached to its segment and to nothing else. */
export interface AdoptedContainer {
  readonly kind: 'adopted';
  readonly name: string;
  readonly endpoint: Endpoint;
}

export interface Router {
  readonly name: string;
  /** Image reference; it names the content, so that another image is another router. */
  readonly image: string;
  readonly endpoints: readonly Endpoint[];
  readonly configuration: RouterConfiguration;
}

/** What the router container reads; it holds all that is needed to come up without the network manager. */
export interface RouterConfiguration {
  readonly ruleset: Ruleset;
  /** In the router's own network namespace. */
  readonly sysctls: readonly Sysctl[];
  readonly interfaces: readonly RouterInterface[];
  /** Its DHCP and DNS servers, one for each segment that it serves. */
  readonly services: readonly AddressService[];
}

/**
 * An interface of the router, found by the address that Docker gave it (never by eth0, eth1, …: Docker orders them as it
 * likes) and marked with a link group, by which the ruleset knows it. An interface that nobody named stays in group 0,
 * for which no rule exists.
 */
export interface RouterInterface {
  readonly name: string;
  readonly group: number;
  /** Address given by Docker, with prefix length: 10.0.1.3/24. */
  readonly address: string;
  /** Further addresses on the interface, with prefix length. */
  readonly extraAddresses: readonly string[];
  /** Of a segment's interface and the host link's (router-mac.ts). */
  readonly mac?: string;
  readonly uplink?: UplinkRoute;
}

/** The default route over an uplink; of several the lowest metric wins (ip-route(8)). */
export interface UplinkRoute {
  readonly addressing: 'static' | 'dhcp';
  /** Next hop; unknown until the lease for DHCP. */
  readonly gateway?: string;
  readonly metric: number;
}

/** What differs from any other container is said in one place: these names. */
export const ROUTER = 'router';
export const INTERNET = 'internet';
