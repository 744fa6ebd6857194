import type { Sysctl } from './network.ts';

/**
 * The router's sysctls, in its own network namespace; forwarding is not among them, its script switches that. An ARP request is answered
 * only for an address of the interface it came in by (arp_ignore 1). rp_filter is set explicitly (the effective value is the maximum of all
 * and interface) and off: the ruleset says which source belongs where. (Documentation/networking/ip-sysctl.rst)
 */
export const ROUTER_SYSCTLS: readonly Sysctl[] = [
  { path: 'net/ipv4/conf/all/arp_ignore', value: '1' },
  { path: 'net/ipv4/conf/all/arp_announce', value: '2' },
  { path: 'net/ipv4/conf/all/rp_filter', value: '0' },
  { path: 'net/ipv4/conf/default/rp_filter', value: '0' },
  { path: 'net/ipv4/conf/all/accept_redirects', value: '0' },
  { path: 'net/ipv4/conf/default/accept_redirects', value: '0' },
  { path: 'net/ipv4/conf/all/send_redirects', value: '0' },
  { path: 'net/ipv4/conf/default/send_redirects', value: '0' },
  { path: 'net/ipv6/conf/all/disable_ipv6', value: '1', optional: true },
  { path: 'net/ipv6/conf/default/disable_ipv6', value: '1', optional: true },
];
