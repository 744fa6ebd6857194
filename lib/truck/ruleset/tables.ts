/** Our tables, family and name: the host's, the edge's, which is on the host, too, and the router's in its own network namespace. */
export const HOST_TABLE = ['inet', 'firebreak_host'] as const;
export const EDGE_TABLE = ['bridge', 'firebreak_edge'] as const;
export const ROUTER_TABLE = ['inet', 'firebreak'] as const;
/** The router's relay, in the same namespace. */
export const RELAY_TABLE = ['ip', 'firebreak_relay'] as const;
export const ROUTER_TABLES = [ROUTER_TABLE, RELAY_TABLE] as const;
