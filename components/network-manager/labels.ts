/** Labels on everything that the network manager makes in Docker; by them it knows what it owns. */
export const OWNER_LABEL = 'firebreak.owner';
export const OWNER = 'network-manager';
/** Fingerprint of the specification that it was made from. */
export const SPECIFICATION_LABEL = 'firebreak.specification';

/** The alias of links that the network manager made (ip-link(8), `alias`). */
export const LINK_ALIAS = 'firebreak';

/** Who made a route (ip-route(8), `protocol`): a number that nobody has in /etc/iproute2/rt_protos, 0xfb. */
export const HOST_ROUTE_PROTOCOL = 251;
