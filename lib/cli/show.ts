import type { Expectation } from '../truck/expectation.ts';
import { type BridgeLink, ROUTER, type TruckNetwork } from '../truck/network.ts';
import { paint } from './output.ts';
import { table } from './table.ts';

/** A truck network for people. */
export function showTruckNetwork(network: TruckNetwork, expectations: readonly Expectation[]): string {
  const { links, networks, containers, router } = network;
  const { services } = router.configuration;
  return [
    heading(`Revision ${network.revision.id}`),
    heading('Links'),
    table(
      ['name', 'kind', 'what'],
      links.map((link) => [
        link.name,
        link.kind,
        link.kind === 'vlan'
          ? `VLAN ${link.vlan} on ${link.parent}, port of ${link.bridge}`
          : hostLinkOf(link, network),
      ]),
    ),
    heading('Container networks'),
    table(
      ['name', 'driver', 'subnet', 'gateway'],
      networks.map(({ name, driver, subnet, gateway }) => [name, driver, subnet, gateway]),
    ),
    heading('Containers'),
    table(
      ['name', 'network', 'address', 'image'],
      [
        ...router.endpoints.map(({ network: name, address }) => [router.name, name, address, router.image]),
        ...containers.map((container) => [
          container.name,
          container.endpoint.network,
          container.endpoint.address,
          container.kind === 'own' ? container.image : '(adopted)',
        ]),
      ],
    ),
    heading('DHCP and DNS'),
    table(
      ['segment', 'domain', 'reserved', 'for strangers', 'other names from'],
      services.map(({ segment, domain, reservations, free, servers }) => [
        segment,
        domain,
        String(reservations.length),
        free.map(({ from, to }) => `${from}-${to}`).join(' '),
        servers.join(' '),
      ]),
    ),
    heading('Host sysctls'),
    ...network.sysctls.map(({ path, value }) => `${path} = ${value}`),
    heading('Host ruleset'),
    network.hostRuleset.text,
    heading('Edge ruleset'),
    network.edgeRuleset.text,
    heading('Router ruleset'),
    router.configuration.ruleset.text,
    heading('Expectations'),
    table(
      ['source', 'target', 'probe', 'expected', 'because'],
      expectations.map((expectation) => [
        expectation.from,
        targetOf(expectation),
        probeOf(expectation),
        expectation.verdict,
        expectation.because,
      ]),
    ),
  ].join('\n');
}

/** Of a segment's bridge there is nothing to say. */
function hostLinkOf({ address }: BridgeLink, { hostLink }: TruckNetwork): string {
  if (address === undefined || hostLink === undefined) return '';
  const { gateway, metric } = hostLink.route;
  return `host link: the host has ${address}, default route via ${gateway}, metric ${metric}`;
}

/** `router (10.0.1.3)`: which of the router's addresses matters; of a node the name says it all. */
export function targetOf({ to, address }: Expectation): string {
  return to === ROUTER || to === 'internet' ? `${to} (${address})` : to;
}

export function probeOf({ probe }: Expectation): string {
  return probe.protocol === 'icmp' ? 'icmp' : `${probe.protocol}/${probe.port}`;
}

function heading(title: string): string {
  return `\n${paint('bold', title)}`;
}
