/** What the host link is called: as a Docker network, and as a bridge on the truck. No segment and no uplink may have these names. */
export const HOST_LINK = 'host-link';
export const HOST_LINK_BRIDGE = 'fb-host';

/** The host link has two ends and no room for a third. */
export const HOST_LINK_PREFIX_LENGTH = 30;
