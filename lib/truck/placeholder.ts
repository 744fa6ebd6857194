/**
 * Docker gives no network without a subnet to ipvlan and macvlan ("ipv4 pool is empty"), but over DHCP the subnet of the
 * uplink is not known. So such a network gets a subnet that no network has (of 198.18.0.0/15, RFC 2544, benchmarks; no policy may use these
 * sixteen), and the router drops its address there as soon as it has a lease.
 */
export function placeholderNetwork(index: number): {
  readonly subnet: string;
  readonly gateway: string;
  readonly address: string;
} {
  const third = 255 - index;
  return { subnet: `198.19.${third}.0/24`, gateway: `198.19.${third}.1`, address: `198.19.${third}.2/24` };
}
