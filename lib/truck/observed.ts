import type { HostRoute } from './network.ts';

/**
 * What is found on a truck, as far as it concerns the truck network. Written by the adapters, read by `plan`.
 */
export interface Observed {
  readonly links: readonly ObservedLink[];
  /** Default routes of the host that are ours, or have the metric of ours. */
  readonly hostRoutes: readonly ObservedHostRoute[];
  /** Values by path below /proc/sys; null: no such entry. */
  readonly sysctls: Readonly<Record<string, string | null>>;
  readonly hostRuleset: ObservedRuleset;
  readonly edgeRuleset: ObservedRuleset;
  readonly networks: readonly ObservedNetwork[];
  readonly containers: readonly ObservedContainer[];
  /** null: no running router. */
  readonly router: ObservedRouter | null;
}

/** Fingerprint of a ruleset that is in the kernel and unchanged since it was loaded; TAMPERED; or null: there is none. */
export type ObservedRuleset = string | null;
export const TAMPERED = 'tampered';

export interface ObservedLink {
  readonly name: string;
  readonly kind: 'bridge' | 'vlan' | 'other';
  readonly owned: boolean;
  readonly up: boolean;
  readonly parent?: string;
  readonly vlan?: number;
  readonly bridge?: string;
  /** Addresses of the host on this link (IPv4, with prefix length). */
  readonly addresses: readonly string[];
}

export interface ObservedHostRoute extends HostRoute {
  readonly owned: boolean;
}

export interface ObservedNetwork {
  readonly name: string;
  readonly owned: boolean;
  /** Fingerprint of what it was made from; null for a network that isn't ours. */
  readonly specification: string | null;
}

export interface ObservedContainer {
  readonly name: string;
  readonly owned: boolean;
  readonly specification: string | null;
  readonly running: boolean;
  /** Docker remembers it on a network that is gone (by its ID, whatever the name is now), and will not start it: a power cut leaves that. */
  readonly orphaned?: true;
  /** The network it was started with (docker run --network), or another mode in Docker's words. */
  readonly mode: string;
  readonly endpoints: readonly ObservedEndpoint[];
}

export interface ObservedEndpoint {
  readonly network: string;
  /** Address that Docker holds for it; empty while the container is stopped and has none pinned. */
  readonly address: string;
  /** Its veth, looked at from both ends; null: it is gone. Absent for uplinks' networks, and while the container doesn't run. */
  readonly attachment?: Attachment | null;
}

export interface Attachment {
  /** What Docker gave the container in this network. */
  readonly given: InterfaceState;
  /** What is found inside the container. */
  readonly inside: InterfaceState & { readonly name: string; readonly up: boolean };
  /** The end in the host's namespace. */
  readonly port: Port & { readonly name: string; readonly up: boolean };
}

export interface InterfaceState {
  readonly mac: string;
  /** IPv4, with prefix length. */
  readonly addresses: readonly string[];
  /** Next hops of the default routes by this interface. */
  readonly gateways: readonly string[];
}

/** Where a container's veth is plugged in. */
export interface Port {
  /** null: into nothing. */
  readonly bridge: string | null;
  /** Link group, by which edge and host know the segment (port-group.ts). */
  readonly group: number;
}

export interface ObservedRouter {
  readonly ruleset: ObservedRuleset;
  readonly forwarding: boolean;
  /** Values by path below /proc/sys, in the router's namespace; null: no such entry. */
  readonly sysctls: Readonly<Record<string, string | null>>;
  readonly interfaces: readonly ObservedRouterInterface[];
  readonly defaultRoutes: readonly ObservedRoute[];
  /** Default routes of the table of our own. */
  readonly ownRoutes: readonly ObservedRoute[];
  /** IPv4 routing rules in words; null where the kernel has none. */
  readonly rules: readonly string[] | null;
  /** Fingerprint of the configuration that a restart would bring up; null: none. */
  readonly configuration: string | null;
}

export interface ObservedRouterInterface {
  readonly group: number;
  readonly mac: string;
  readonly addresses: readonly string[];
}

export interface ObservedRoute {
  readonly gateway: string;
  readonly metric: number;
}
