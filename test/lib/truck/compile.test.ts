import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { parse } from 'yaml';
import { checkDocument } from '../../../lib/policy/index.ts';
import { toSubnet } from '../../../lib/policy/ipv4.ts';
import type { TruckNetwork } from '../../../lib/truck/network.ts';
import { placeholderNetwork } from '../../../lib/truck/placeholder.ts';
import { policyDocument } from '../policy/arbitrary.ts';
import { compiled, EXAMPLES, example, policyOf } from './support.ts';

const anyPolicy = policyDocument().map((document) => policyOf(JSON.stringify(document)));
const DOCUMENT = parse(readFileSync(join(EXAMPLES, 'article.yaml'), 'utf8'));
const article = compiled(example('article.yaml'));
const station = compiled(example('station.yaml'));

describe('the article’s truck network', () => {
  test('has a bridge and a VLAN link for each segment, and a bridge on which the host has an address', () => {
    expect(article.links).toEqual([
      { kind: 'bridge', name: 'br0' },
      { kind: 'vlan', name: 'enp2s0.1', parent: 'enp2s0', vlan: 1, bridge: 'br0' },
      { kind: 'bridge', name: 'br1' },
      { kind: 'vlan', name: 'enp2s0.2', parent: 'enp2s0', vlan: 2, bridge: 'br1' },
      { kind: 'bridge', name: 'fb-host', address: '198.19.0.2/30' },
    ]);
  });

  test('has a container network for each segment, for the uplink and for the host link', () => {
    expect(
      article.networks.map(({ name, role, driver, subnet, gateway }) => [name, role, driver, subnet, gateway]),
    ).toEqual([
      ['wlan', 'uplink', 'ipvlan', '192.168.50.0/24', '192.168.50.1'],
      ['br0net', 'segment', 'bridge', '10.0.1.0/24', '10.0.1.2'],
      ['br1net', 'segment', 'bridge', '10.0.2.0/24', '10.0.2.2'],
      ['host-link', 'host', 'bridge', '198.19.0.0/30', '198.19.0.2'],
    ]);
  });

  test('has the article’s containers, and its router in every network', () => {
    expect(article.containers).toEqual([
      expect.objectContaining({
        kind: 'own',
        name: 'container1',
        image: 'alpine:3',
        command: ['sleep', 'infinity'],
        endpoint: { network: 'br0net', address: '10.0.1.4' },
      }),
      expect.objectContaining({ name: 'container2', endpoint: { network: 'br1net', address: '10.0.2.4' } }),
    ]);
    expect(article.router.endpoints).toEqual([
      { network: 'wlan', address: '192.168.50.2' },
      { network: 'br0net', address: '10.0.1.3' },
      { network: 'br1net', address: '10.0.2.3' },
      { network: 'host-link', address: '198.19.0.1' },
    ]);
  });

  test('gives the router Docker’s gateway address, too, and its way out', () => {
    expect(article.router.configuration.interfaces).toEqual([
      {
        name: 'wlan',
        group: 5000,
        address: '192.168.50.2/24',
        extraAddresses: [],
        uplink: { addressing: 'static', gateway: '192.168.50.1', metric: 100 },
      },
      {
        ...{ name: 'br0net', group: 1, address: '10.0.1.3/24', extraAddresses: ['10.0.1.2/32'] },
        mac: '06:fb:0a:00:01:03',
      },
      {
        ...{ name: 'br1net', group: 2, address: '10.0.2.3/24', extraAddresses: ['10.0.2.2/32'] },
        mac: '06:fb:0a:00:02:03',
      },
      {
        ...{ name: 'host-link', group: 4999, address: '198.19.0.1/30', extraAddresses: [] },
        mac: '06:fb:c6:13:00:01',
      },
    ]);
  });

  test('switches off the host’s IP on the trunk and on every link, and what filters bridged frames', () => {
    const closed = (link: string) => [
      [`net/ipv4/conf/${link}/forwarding`, '0'],
      [`net/ipv4/conf/${link}/arp_ignore`, '8'],
      [`net/ipv6/conf/${link}/disable_ipv6`, '1'],
    ];
    expect(article.sysctls.map(({ path, value }) => [path, value])).toEqual([
      ...['enp2s0', 'br0', 'enp2s0.1', 'br1', 'enp2s0.2'].flatMap(closed),
      ['net/ipv4/conf/fb-host/forwarding', '0'],
      ['net/ipv4/conf/fb-host/arp_ignore', '1'],
      ['net/ipv4/conf/fb-host/arp_announce', '2'],
      ['net/ipv4/conf/fb-host/rp_filter', '2'],
      ['net/ipv6/conf/fb-host/disable_ipv6', '1'],
      ['net/bridge/bridge-nf-call-iptables', '0'],
      ['net/bridge/bridge-nf-call-ip6tables', '0'],
      ['net/bridge/bridge-nf-call-arptables', '0'],
    ]);
  });
});

describe('an uplink', () => {
  const base = example('article.yaml');
  const [wlan] = base.uplinks;
  if (wlan === undefined) throw new Error('the article has an uplink');
  const dhcp = { ...wlan, addressing: { kind: 'dhcp' } } as const;

  test('over DHCP gets a placeholder network and learns its gateway later', () => {
    const { networks, router } = compiled({ ...base, uplinks: [dhcp] });
    expect(networks[0]).toMatchObject({ subnet: '198.19.255.0/24', gateway: '198.19.255.1' });
    expect(router.endpoints[0]).toEqual({ network: 'wlan', address: '198.19.255.2' });
    expect(router.configuration.interfaces[0]?.uplink).toEqual({ addressing: 'dhcp', metric: 100 });
  });

  test('that is preferred has the lower metric, and each has a link group of its own', () => {
    const lte = { ...dhcp, name: 'lte', interface: 'wwan0', driver: 'macvlan' } as const;
    const { router, networks } = compiled({ ...base, uplinks: [wlan, lte] });
    const uplinks = router.configuration.interfaces.filter(({ uplink }) => uplink !== undefined);
    expect(uplinks.map(({ name, group, uplink }) => [name, group, uplink?.metric])).toEqual([
      ['wlan', 5000, 100],
      ['lte', 5001, 101],
    ]);
    expect(networks.slice(0, 2).map(({ options }) => options)).toEqual([
      { parent: 'wlp3s0f0', ipvlan_mode: 'l2' },
      { parent: 'wwan0', macvlan_mode: 'bridge' },
    ]);
  });

  test('of sixteen over DHCP shares its placeholder with no other', () => {
    const placeholders = Array.from({ length: 16 }, (_, index) => placeholderNetwork(index));
    expect(new Set(placeholders.map(({ subnet }) => subnet)).size).toBe(16);
    for (const { subnet, gateway, address } of placeholders) {
      expect(checkDocument({ ...DOCUMENT, host: { internet: true, subnet: `${gateway}/30` } }).problems).toContainEqual(
        expect.objectContaining({ path: 'host.subnet', message: expect.stringContaining('no lease yet') }),
      );
      const network = /^198\.19\.\d{1,3}\./.exec(subnet)?.[0] ?? 'none';
      expect([gateway, address]).toEqual([`${network}1`, `${network}2/24`]);
    }
  });
});

test('a container without an image is adopted: nothing is said of how it is made', () => {
  const base = example('article.yaml');
  const nodes = base.nodes.map((node) => {
    if (node.name !== 'container1' || node.kind !== 'container') return node;
    const { image, command, ...rest } = node;
    return { ...rest, adopted: true };
  });
  expect(compiled({ ...base, nodes }).containers[0]).toEqual({
    kind: 'adopted',
    name: 'container1',
    endpoint: { network: 'br0net', address: '10.0.1.4' },
  });
});

test('environment and command reach the container that has them, and no other', () => {
  const byName = new Map(station.containers.map((container) => [container.name, container]));
  expect(byName.get('navigation')).toMatchObject({ environment: { UNITS: 'metric', VOLUME: '7' } });
  expect(byName.get('dashboard')).not.toHaveProperty('environment');
});

describe('any policy', () => {
  const everyNetwork = (holds: (network: TruckNetwork, policy: ReturnType<typeof policyOf>) => void) =>
    fc.assert(fc.property(anyPolicy, (policy) => holds(compiled(policy), policy)));
  const expectDifferent = (values: readonly unknown[]) => expect(new Set(values).size).toBe(values.length);

  test('gives every link a name that Linux takes, and no two the same', () => {
    everyNetwork(({ links, closedLinks, hostLink }) => {
      for (const { name } of links) expect(name).toMatch(/^[^\s/:]{1,15}$/);
      expectDifferent(closedLinks);
      const open = hostLink === undefined ? [] : [hostLink.bridge];
      expect([...closedLinks.slice(1), ...open]).toEqual(links.map(({ name }) => name));
    });
  });

  test('gives networks names of their own, and containers, too', () => {
    everyNetwork(({ networks, containers, router }) => {
      expectDifferent(networks.map(({ name }) => name));
      expectDifferent([router.name, ...containers.map(({ name }) => name)]);
    });
  });

  test('gives no address twice: not to router, gateway, containers, devices or canaries', () => {
    everyNetwork((_network, { segments, nodes }) => {
      expectDifferent([
        ...segments.flatMap(({ router, gateway, canary }) => [router, gateway, canary]),
        ...nodes.map(({ address }) => address),
      ]);
    });
  });

  test('connects each VLAN link to its own bridge and each bridge to its own network, one to one', () => {
    everyNetwork(({ links, networks }, policy) => {
      const bridges = links.flatMap((link) =>
        link.kind === 'bridge' && link.address === undefined ? [link.name] : [],
      );
      const ports = links.flatMap((link) => (link.kind === 'vlan' ? [link.bridge] : []));
      const inside = networks.filter(({ role }) => role === 'segment');
      expect(ports).toEqual(bridges);
      expect(inside.map(({ bridge }) => bridge)).toEqual(bridges);
      expect(inside.map(({ name }) => name)).toEqual(policy.segments.map(({ name }) => name));
    });
  });

  test('lets Docker give the host no address, and masquerade nothing', () => {
    everyNetwork(({ networks }) => {
      for (const { options, bridge } of networks.filter(({ role }) => role !== 'uplink')) {
        expect(options).toEqual({
          'com.docker.network.bridge.name': bridge,
          'com.docker.network.bridge.inhibit_ipv4': 'true',
          'com.docker.network.bridge.enable_ip_masquerade': 'false',
        });
      }
    });
  });

  test('closes the trunk and every link by sysctl and by the host’s ruleset', () => {
    everyNetwork(({ closedLinks, sysctls, hostRuleset }) => {
      const values = new Map(sysctls.map(({ path, value }) => [path, value]));
      for (const link of closedLinks) {
        expect(values.get(`net/ipv4/conf/${link}/forwarding`)).toBe('0');
        expect(hostRuleset.text.split(`"${link}"`)).toHaveLength(1 + 2);
      }
    });
  });

  test('gives the host link an end for the host, one for the router, and no address to anybody else', () => {
    everyNetwork(({ hostLink, links, networks, router, hostRuleset, edgeRuleset }, policy) => {
      const own = networks.filter(({ role }) => role === 'host');
      const addressed = links.flatMap((link) => (link.kind === 'bridge' && link.address ? [link.address] : []));
      if (policy.hostLink === undefined) {
        expect([hostLink, own, addressed]).toEqual([undefined, [], []]);
        expect(hostRuleset.text + edgeRuleset.text).not.toMatch(/fb-host|198\.1[89]\.[^0]/);
        return;
      }
      const { subnet, host } = policy.hostLink;
      expect(own).toEqual([expect.objectContaining({ subnet, gateway: host, internal: true, bridge: 'fb-host' })]);
      expect(addressed).toEqual([`${host}/30`]);
      expect(toSubnet(subnet).prefixLength).toBe(30);
      expect(router.endpoints).toContainEqual({ network: 'host-link', address: policy.hostLink.router });
      expect(hostLink?.route).toEqual({
        link: 'fb-host',
        gateway: policy.hostLink.router,
        source: host,
        metric: 10_000,
      });
    });
  });

  test('puts every container into its own segment and nowhere else, and the router into all networks', () => {
    everyNetwork(({ containers, router, networks }, policy) => {
      const virtual = policy.nodes.filter(({ kind }) => kind === 'container');
      expect(containers.map(({ name, endpoint }) => [name, endpoint.network, endpoint.address])).toEqual(
        virtual.map(({ name, segment, address }) => [name, segment, address]),
      );
      expect(router.endpoints.map(({ network }) => network)).toEqual(networks.map(({ name }) => name));
      expect(router.configuration.interfaces.map(({ name }) => name)).toEqual(networks.map(({ name }) => name));
    });
  });

  test('gives each of the router’s interfaces a link group of its own, and never the kernel’s default', () => {
    everyNetwork(({ router }) => {
      const groups = router.configuration.interfaces.map(({ group }) => group);
      expectDifferent(groups);
      expect(groups).not.toContain(0);
    });
  });

  test('means the same whatever the order in which it is written', () => {
    fc.assert(
      fc.property(policyDocument(), (document) => {
        const written = compiled(policyOf(JSON.stringify(document)));
        expect(compiled(policyOf(JSON.stringify(reversed(document))))).toEqual(written);
      }),
    );
  });
});

/** The same maps with their keys in the opposite order; lists stay. */
function reversed(value: unknown): unknown {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value;
  const entries = Object.entries(value).reverse();
  return Object.fromEntries(entries.map(([key, member]) => [key, reversed(member)]));
}
