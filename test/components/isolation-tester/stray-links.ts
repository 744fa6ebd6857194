import { listLinks } from '../../../components/host/ip.ts';
import { measure, type Vantage } from '../../../components/isolation-tester/measure.ts';
import type { Expectation } from '../../../lib/truck/expectation.ts';
import { INTERNET } from '../../../lib/truck/network.ts';
import { type CarelessTruck, type Layer, UNTAGGED } from './careless-truck.ts';
import { type LayerTrial, named } from './layer-trial.ts';

/**
 * Links that are nobody's port: the trunk, which carries what comes untagged, and VLAN links, as each is before it joins its bridge or when
 * somebody takes it out. There the host's IP layer is next to whoever is at the other end.
 */
const HOST = 'the host';

/** Who is at the other end, and where host and he have addresses of their own: the host's second one he has to ask for. */
interface Stray {
  readonly link: string;
  readonly node: string;
  readonly own: string;
  readonly gateway: string;
  readonly asked: string;
}

function straysOf({ policy }: CarelessTruck): readonly Stray[] {
  const ends = policy.segments.flatMap(({ name, vlanInterface }) => {
    const device = policy.nodes.find(({ kind, segment }) => kind === 'device' && segment === name);
    return device === undefined ? [] : [[vlanInterface, device.name] as const];
  });
  return [[policy.trunk.interface, UNTAGGED] as const, ...ends].map(([link, node], index) => {
    const [own, gateway, asked] = [9, 1, 2].map((host) => `198.18.${index}.${host}`);
    return { link, node, own: own ?? '', gateway: gateway ?? '', asked: asked ?? '' };
  });
}

async function astray<T>(
  truck: CarelessTruck,
  layers: readonly Layer[],
  action: (strays: readonly Stray[]) => Promise<T>,
): Promise<T> {
  const { network } = truck;
  const undo: (() => Promise<void>)[] = [];
  await truck.holds(...layers);
  try {
    const strays = straysOf(truck);
    const macs = await listLinks(network.netns('switch'));
    for (const { link, node, own, gateway, asked } of strays) {
      const bridge = truck.policy.segments.find(({ vlanInterface }) => vlanInterface === link)?.bridge;
      if (bridge !== undefined) {
        await network.ip('switch', `link set dev ${link} nomaster`);
        undo.push(() => network.ip('switch', `link set dev ${link} master ${bridge}`));
      }
      await network.ip('switch', ...[gateway, asked].map((address) => `address add ${address}/24 dev ${link}`));
      undo.push(() => network.ip('switch', `address flush dev ${link}`));
      await network.sh('switch', unlessOff(link));
      const mac = macs.find(({ ifname }) => ifname === link)?.address;
      await network.ip(
        node,
        `address add ${own}/24 dev eth0`,
        // Whom he has asked for in an earlier trial he asks for again.
        'neigh flush dev eth0',
        `neigh replace ${gateway} lladdr ${mac} dev eth0 nud permanent`,
        `route replace default via ${gateway}`,
      );
      const home = gatewayOf(truck, node);
      undo.push(() =>
        network.ip(node, ...(home ? [`route replace default via ${home}`] : []), `address delete ${own}/24 dev eth0`),
      );
    }
    return await action(strays);
  } finally {
    for (const step of undo.reverse()) await step();
    await truck.plugged();
  }
}

const unlessOff = (link: string) =>
  `[ "$(cat /proc/sys/net/ipv6/conf/${link}/disable_ipv6)" = 1 ] || ip address replace fe80::9/64 dev ${link} nodad`;

function gatewayOf({ policy }: CarelessTruck, name: string): string | undefined {
  const home = policy.nodes.find((node) => node.name === name)?.segment;
  return policy.segments.find((segment) => segment.name === home)?.router;
}

/** From everybody to everybody named. */
async function arrivals(
  truck: CarelessTruck,
  pairs: readonly (readonly [from: string, to: string, address: string])[],
) {
  const vantages: readonly Vantage[] = [
    ...truck.vantages().filter(({ node }) => node !== 'router'),
    ...truck.network.vantages(UNTAGGED),
    { node: HOST, netns: truck.network.netns('switch'), kind: 'router' },
  ];
  const probes = pairs.map(
    ([from, to, address]): Expectation => ({
      ...{ id: `${from}>${to} ${address}`, from, to, address, probe: { protocol: 'icmp' } },
      ...{ verdict: 'isolated', because: 'the host takes no part in any segment' },
    }),
  );
  const observations = await measure(vantages, probes, { expectReply: () => false });
  return observations.flatMap(({ id, arrived, reply, error }) =>
    // Where there is no way at all, nothing can be sent; that is no fault.
    arrived === true || reply === 'answer' ? [`${id}: it arrived`] : arrived === null ? [`${id}: ${error}`] : [],
  );
}

const closesStrays = (layers: readonly Layer[]): LayerTrial => ({
  name: `who is next to the host by a trunk or a VLAN link that is nobody’s port gets no further, by ${named(layers)}`,
  ...{ layers, policies: ['article.yaml', 'station.yaml'] },
  problems: (truck) =>
    astray(truck, layers, async (strays) => {
      const { policy } = truck;
      const targets = [
        ...policy.nodes.filter(({ kind }) => kind === 'container').map(({ name, address }) => [name, address] as const),
        [INTERNET, policy.internet.probe] as const,
      ];
      const seen = await arrivals(
        truck,
        strays.flatMap(({ node, asked }) => [
          [node, HOST, asked] as const,
          ...targets.map(([name, address]) => [node, name, address] as const),
        ]),
      );
      const said = await Promise.all(
        strays.map(async ({ node, link }) => {
          const words = await truck.network.sh(node, 'ping -6 -n -c 1 -W 1 fe80::9%eth0 || :');
          return / bytes from fe80::9/.test(words) ? [`the host answers ${node} by IPv6 on ${link}`] : [];
        }),
      );
      return [...seen, ...said.flat()];
    }),
});

const hostIsSilent: LayerTrial = {
  name: 'the host itself reaches nobody in a segment, nor at a trunk or a VLAN link, by host',
  ...{ layers: ['host'], policies: ['article.yaml', 'station.yaml'] },
  problems: (truck) =>
    astray(truck, ['host'], (strays) =>
      arrivals(truck, [
        ...strays.map(({ node, own }) => [HOST, node, own] as const),
        ...truck.policy.nodes
          .filter(({ kind }) => kind === 'container')
          .map(({ name, address }) => [HOST, name, address] as const),
      ]),
    ),
};

const inboundByHost: LayerTrial = {
  name: 'who is outside and takes the host for the router reaches nobody in a segment, by host',
  ...{ layers: ['host'], policies: ['article.yaml', 'station.yaml'] },
  problems: async (truck) => {
    await truck.holds('host');
    const routes = truck.policy.segments.map(({ subnet }) => `${subnet} via 192.168.50.9`);
    await truck.network.ip('internet', ...routes.map((route) => `route add ${route}`));
    try {
      return await arrivals(
        truck,
        truck.policy.nodes.map(({ name, address }) => [INTERNET, name, address] as const),
      );
    } finally {
      await truck.network.ip('internet', ...routes.map((route) => `route delete ${route}`));
    }
  },
};

export const STRAY_LINKS: readonly LayerTrial[] = [
  closesStrays(['host']),
  closesStrays(['sysctls']),
  hostIsSilent,
  inboundByHost,
];
