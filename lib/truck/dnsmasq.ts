import { toAddress, toSubnet } from '../policy/ipv4.ts';
import { type AddressService, capacityOf, netmaskOf, TOP_DOMAIN } from './address-service.ts';
import { ROUTER } from './network.ts';

/** More leases than that would be a flood's, whatever the subnet's size: each is a line in memory and on the disk. */
const MOST_LEASES = 10_000;

/**
 * An address service as dnsmasq's configuration (dnsmasq(8)). What only the router knows when it starts is added by its script: the interface, and where
 * the leases are kept.
 *
 * A process for each segment: so nobody can ask for another segment's names, and what one segment's nodes do to their server the others don't feel.
 */
export function dnsmasqConfiguration(service: AddressService): string {
  const { segment, domain, router, names, servers } = service;
  return [
    `# The DHCP and DNS server of the router in segment ${segment}.`,
    // The container has no right to become somebody else, and nothing that another user could do less with.
    ...['user=root', 'group='],
    'log-facility=-',
    ...['bind-dynamic', 'except-interface=lo'],
    ...['no-hosts', 'no-resolv', 'domain-needed', 'bogus-priv', 'stop-dns-rebind'],
    // Not even by mistake is a truck's name asked for outside.
    `local=/${TOP_DOMAIN}/`,
    `domain=${domain}`,
    `host-record=${ROUTER}.${domain},${ROUTER},${router}`,
    ...names.map(({ name, domain: home, address }) => `host-record=${name}.${home},${name},${address}`),
    ...servers.map((server) => `server=${server}`),
    ...dhcp(service),
    '',
  ].join('\n');
}

function dhcp(service: AddressService): readonly string[] {
  const { router, leaseSeconds, reservations, ntp } = service;
  return [
    // The only one in its segment: who comes with an address from elsewhere is told at once that it is none.
    'dhcp-authoritative',
    `dhcp-lease-max=${Math.min(MOST_LEASES, capacityOf(service))}`,
    ...ranges(service),
    `dhcp-option=option:router,${router}`,
    `dhcp-option=option:dns-server,${router}`,
    ...(ntp.length === 0 ? [] : [`dhcp-option=option:ntp-server,${ntp.join(',')}`]),
    // Nobody gets a name by asking for one.
    'dhcp-ignore-names=tag:!known',
    ...reservations.map(({ mac, name, address }) => `dhcp-host=${mac},${address},${name},${leaseSeconds}`),
  ];
}

/** Also where nothing is left for strangers: then whom the policy names are served. */
function ranges({ free, subnet, leaseSeconds }: AddressService): readonly string[] {
  const { network, broadcast } = toSubnet(subnet);
  const rest = `${netmaskOf(subnet)},${toAddress(broadcast)},${leaseSeconds}`;
  if (free.length === 0) return [`dhcp-range=${toAddress(network)},static,${rest}`];
  return free.map(({ from, to }) => `dhcp-range=${from},${to},${rest}`);
}
