import { addHostRoute, removeHostRoute } from '../../../components/network-manager/host-route.ts';
import { routerMac } from '../../../lib/truck/router-mac.ts';
import { compiled } from '../../lib/truck/support.ts';
import type { CarelessTruck } from './careless-truck.ts';
import type { LayerTrial } from './layer-trial.ts';
import { type Datagram, datagram, forge, say, whatPasses } from './passage.ts';

/** A conversation that the router lets pass, and what somebody outside says in it as one of its sides: to connection tracking it is one packet more. */
interface Overheard {
  readonly what: string;
  readonly begin: () => unknown;
  /** Its first packet. */
  readonly opening: string;
  /** The internet’s answer, to the router, which knows whose it is. */
  readonly answer?: Omit<Datagram, 'macs'>;
  readonly forged: Omit<Datagram, 'macs'>;
}

const [PORT, THERE] = [7125, 7000];
const OUTSIDER = '02:00:00:00:00:78';

const asANode: LayerTrial = {
  name: 'who is outside says nothing in a conversation of those inside, by router',
  ...{ layers: ['router'], policies: ['article.yaml', 'station.yaml'], about: /from_uplink/ },
  problems: async (truck) => {
    const { network, policy } = truck;
    const [uplink] = policy.uplinks;
    if (uplink?.addressing.kind !== 'static') throw new Error('a truck with an address outside is needed');
    const outside = uplink.addressing.address;
    const router = routerMac({ router: outside });
    const { hostLink } = compiled(policy);
    const host = network.netns('switch');
    await truck.holds('router');
    // What is open within the truck goes on to be asked for, and is not refused by who doesn't listen.
    const silent = 'chain silent { type filter hook output priority 0; tcp flags rst drop; }';
    const places = policy.nodes.map(({ name }) => name);
    for (const place of places) await network.rules(place, silent);
    if (hostLink !== undefined) await addHostRoute(hostLink.route, host);
    try {
      const all = [...withInternet(truck, outside), ...byFlows(truck)];
      const begun = await whatPasses(
        network,
        all.map(({ what, begin, opening: frames }) => ({
          ...{ what, send: begin },
          setsOut: { place: 'router', hook: 'prerouting', frames },
          arrives: { place: 'router', hook: 'forward', frames },
        })),
      );
      if (begun.length < all.length) return [`of ${all.length} conversations the router lets pass ${begun.length}`];
      // Only a conversation with answers is one that goes on.
      const answered = await whatPasses(
        network,
        all.flatMap(({ what, answer }) => {
          if (answer === undefined) return [];
          const known = `iifname "out" udp dport ${answer.ports[1]}`;
          return [
            {
              what,
              send: () => forge(network, 'internet', 'eth0', datagram({ macs: [OUTSIDER, router], ...answer })),
              setsOut: { place: 'router', hook: 'prerouting', frames: known },
              arrives: { place: 'router', hook: 'forward', frames: known },
            },
          ];
        }),
      );
      const due = all.filter(({ answer }) => answer !== undefined).length;
      if (answered.length < due) return [`of ${due} answers from the internet the router lets pass ${answered.length}`];
      return await whatPasses(
        network,
        all.map(({ what, forged }) => {
          const known = `iifname "out" ip saddr ${forged.addresses[0]} ip daddr ${forged.addresses[1]}`;
          return {
            what,
            send: () => forge(network, 'internet', 'eth0', datagram({ macs: [OUTSIDER, router], ...forged })),
            setsOut: { place: 'router', hook: 'prerouting', frames: known },
            arrives: { place: 'router', hook: 'forward', frames: known },
          };
        }),
      );
    } finally {
      if (hostLink !== undefined) await removeHostRoute(hostLink.route, host);
      for (const place of places) await network.rules(place);
    }
  },
};

/** As the node, to the internet: the router would send it out again, as that node's. */
function withInternet({ network, policy }: CarelessTruck, outside: string): readonly Overheard[] {
  const { probe } = policy.internet;
  const { hostLink } = policy;
  const nodes = policy.segments.flatMap(({ name, internet }) =>
    internet ? policy.nodes.filter(({ kind, segment }) => kind === 'container' && segment === name).slice(0, 1) : [],
  );
  return [
    ...nodes.map(({ name, address }) => ({
      ...{ name, address },
      begin: (port: number) => say(network, name, port, probe, THERE),
    })),
    ...(hostLink === undefined
      ? []
      : [
          {
            ...{ name: 'the host', address: hostLink.host },
            begin: (port: number) => sayByLink({ network, policy }, port),
          },
        ]),
  ].map(({ name, address, begin }, index) => {
    // One each, which the router need not change.
    const port = PORT + 1 + index;
    return {
      ...{ what: `as ${name}, to the internet`, begin: () => begin(port) },
      opening: `ip saddr ${address} udp dport ${THERE}`,
      answer: { addresses: [probe, outside], ports: [THERE, port] },
      forged: { addresses: [address, probe], ports: [port, THERE] },
    };
  });
}

async function sayByLink({ network, policy }: Pick<CarelessTruck, 'network' | 'policy'>, port: number): Promise<void> {
  const { hostLink, internet } = policy;
  const route = `${internet.probe}/32 via ${hostLink?.router} dev ${hostLink?.bridge} src ${hostLink?.host}`;
  await network.ip('switch', `route add ${route}`);
  say(network, 'switch', port, internet.probe, THERE);
  await network.ip('switch', `route delete ${route}`);
}

/** As the one who was asked, to the one who asked: the router would pass it on as an answer. */
function byFlows({ network, policy }: CarelessTruck): readonly Overheard[] {
  return policy.flows.flatMap(({ from, to, ports: [port] }) => {
    const asking = policy.nodes.find(({ name, segment }) => [name, segment].includes(from));
    const asked = policy.nodes.find(({ name }) => name === to);
    const segment = policy.segments.find(({ name }) => name === asking?.segment);
    if (asking === undefined || asked === undefined || segment === undefined || port === undefined) return [];
    const question = { addresses: [asking.address, asked.address], ports: [PORT, port.from], protocol: 'tcp' } as const;
    return [
      {
        what: `as ${to}, to ${asking.name}`,
        begin: () =>
          forge(
            network,
            asking.name,
            'eth0',
            datagram({ macs: ['02:00:00:00:00:79', routerMac(segment)], ...question }),
          ),
        opening: `ip saddr ${asking.address} tcp dport ${port.from}`,
        forged: { addresses: [asked.address, asking.address], ports: [port.from, PORT], protocol: 'tcp' } as const,
      },
    ];
  });
}

export const OVERHEARD: readonly LayerTrial[] = [asANode];
