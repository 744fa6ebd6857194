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
  readonly endpoints: readonly ObservedEndpoint[];
}

export interface ObservedEndpoint {
  readonly network: string;
  /** Address that Docker holds for it; empty while the container is stopped and has none pinned. */
  readonly address: string;
}

export interface ObservedRouter {
  readonly ruleset: ObservedRuleset;
  readonly forwarding: boolean;
  readonly interfaces: readonly { readonly group: number; readonly addresses: readonly string[] }[];
  readonly defaultRoutes: readonly { readonly gateway: string; readonly metric: number }[];
  /** Fingerprint of the configuration that a restart would bring up; null: none. */
  readonly configuration: string | null;
}
