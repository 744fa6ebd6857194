import { listLinks } from '../../../components/host/ip.ts';
import type { CarelessTruck, Layer } from './careless-truck.ts';
import { type LayerTrial, named } from './layer-trial.ts';
import { datagram, forge, type Passage, say, whatPasses } from './passage.ts';

/** Containers' ports that somebody moved: then they are known by their link group alone, whatever addresses their frames bear. */
const [HERE, THERE] = ['198.18.9.1', '198.18.9.2'];
const NOBODY = '02:00:00:00:00:77';
const PORT = 7123;
const MARKED = `udp dport ${PORT}`;

const trial = (
  words: string,
  layers: readonly Layer[],
  about: RegExp,
  problems: (truck: CarelessTruck) => Promise<readonly string[]>,
): LayerTrial => ({
  name: `${words}, by ${named(layers)}`,
  ...{ layers, policies: ['article.yaml', 'station.yaml'], about },
  problems: async (truck) => {
    await truck.holds(...layers);
    return problems(truck);
  },
});

const containersOf = ({ policy }: CarelessTruck) => policy.nodes.filter(({ kind }) => kind === 'container');
const macOf = async ({ network }: CarelessTruck, place: string, link: string) =>
  (await listLinks(network.netns(place))).find(({ ifname }) => ifname === link)?.address ?? '';

/** With a container's port somewhere else than on its segment's bridge. */
async function moved<T>(truck: CarelessTruck, container: string, where: string, action: () => Promise<T>): Promise<T> {
  const { network, policy } = truck;
  const home = policy.nodes.find(({ name }) => name === container)?.segment;
  const bridge = policy.segments.find(({ name }) => name === home)?.bridge;
  await network.ip('switch', `link set dev n-${container} ${where}`);
  try {
    await truck.plugged();
    return await action();
  } finally {
    await network.ip('switch', `link set dev n-${container} master ${bridge}`);
    await truck.plugged();
  }
}

/** To whom nobody knows: every port of the bridge gets it. */
const bridged = ({ network }: CarelessTruck, from: string, to: string, mac: string): Passage => ({
  what: `${from}>${to}`,
  send: () =>
    forge(network, from, 'eth0', datagram({ macs: [mac, NOBODY], addresses: [HERE, THERE], ports: [PORT, PORT] })),
  setsOut: { place: 'switch', family: 'bridge', hook: 'prerouting', frames: `ether saddr ${mac} ${MARKED}` },
  arrives: {
    place: 'switch',
    family: 'bridge',
    hook: 'postrouting',
    frames: `oifname "n-${to}" ether saddr ${mac} ${MARKED}`,
  },
});

const joinsNothing = trial(
  'a container’s port on another segment’s bridge joins no two segments',
  ['edge'],
  /ports_|[io]ifgroup (\{ )?\d{9}/,
  async (truck) => {
    const problems: string[] = [];
    for (const astray of containersOf(truck)) {
      for (const { name: segment, bridge } of truck.policy.segments.filter(({ name }) => name !== astray.segment)) {
        const there = containersOf(truck).filter((node) => node.segment === segment);
        const both = there.flatMap(({ name }, index) => [
          bridged(truck, astray.name, name, '02:00:00:00:00:76'),
          bridged(truck, name, astray.name, `02:00:00:00:01:0${index}`),
        ]);
        problems.push(...(await moved(truck, astray.name, `master ${bridge}`, () => whatPasses(truck.network, both))));
      }
    }
    return problems;
  },
);

const reachesHost = (truck: CarelessTruck, container: string, link: string): Passage => ({
  what: `${container} by ${link}>the host`,
  send: async () => {
    const macs = ['02:00:00:00:00:76', await macOf(truck, 'switch', link)] as const;
    forge(truck.network, container, 'eth0', datagram({ macs, addresses: [HERE, THERE], ports: [PORT, PORT] }));
  },
  setsOut: { place: 'switch', hook: 'prerouting', frames: `iifname "${link}" ${MARKED}` },
  arrives: { place: 'switch', hook: 'input', frames: `iifname "${link}" ${MARKED}` },
});

const isReached = ({ network }: CarelessTruck, container: string, link: string): Passage => ({
  what: `the host>${container} by ${link}`,
  send: () => say(network, 'switch', PORT, HERE, PORT),
  setsOut: { place: 'switch', hook: 'output', frames: MARKED },
  arrives: { place: 'switch', hook: 'postrouting', frames: `oifname "${link}" ${MARKED}` },
});

/** With addresses of host's and container's own on whatever link the port is by now. */
async function nextTo<T>({ network }: CarelessTruck, link: string, action: () => Promise<T>): Promise<T> {
  await network.ip(
    'switch',
    `address add ${THERE}/24 dev ${link}`,
    `neigh replace ${HERE} lladdr ${NOBODY} dev ${link}`,
  );
  try {
    return await action();
  } finally {
    await network.ip('switch', `neigh delete ${HERE} dev ${link}`, `address delete ${THERE}/24 dev ${link}`);
  }
}

const onNoBridge = trial(
  'a container’s port on no bridge is nothing to the host',
  ['host'],
  /[io]ifgroup \d+-/,
  async (truck) => {
    const problems: string[] = [];
    for (const { name } of containersOf(truck)) {
      const port = `n-${name}`;
      const both = [reachesHost(truck, name, port), isReached(truck, name, port)];
      problems.push(
        ...(await moved(truck, name, 'nomaster', () => nextTo(truck, port, () => whatPasses(truck.network, both)))),
      );
    }
    return problems;
  },
);

const onForeignBridge = trial(
  'a container’s port on a bridge of the host’s own is nothing to the host',
  ['host', 'edge'],
  /meta mark/,
  async (truck) => {
    const { network } = truck;
    const problems: string[] = [];
    await network.ip('switch', 'link add name foreign type bridge', 'link set dev foreign up');
    try {
      for (const { name } of containersOf(truck)) {
        const attempt = [reachesHost(truck, name, 'foreign')];
        problems.push(
          ...(await moved(truck, name, 'master foreign', () =>
            nextTo(truck, 'foreign', () => whatPasses(network, attempt)),
          )),
        );
      }
      return problems;
    } finally {
      await network.ip('switch', 'link delete dev foreign');
    }
  },
);

export const MOVED_PORTS: readonly LayerTrial[] = [joinsNothing, onNoBridge, onForeignBridge];
