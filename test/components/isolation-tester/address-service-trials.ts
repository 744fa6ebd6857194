import { BROADCAST } from '../../../lib/packet/mac.ts';
import type { Node, Segment } from '../../../lib/policy/index.ts';
import { routerMac } from '../../../lib/truck/router-mac.ts';
import { ROGUE_SERVER } from '../../../lib/truck/ruleset/address-service.ts';
import type { CarelessTruck, Layer } from './careless-truck.ts';
import { type LayerTrial, named } from './layer-trial.ts';
import { type Datagram, datagram, forge, type Passage, whatPasses } from './passage.ts';

/** DHCP and DNS: who is heard by the router, and whose word is heard in a segment. Where the router serves and where it doesn't. */

/** Locally administered, and nobody's. */
const STRANGERS_MAC = '02:00:00:00:99:01';
const [NOBODY, EVERYBODY] = ['0.0.0.0', '255.255.255.255'];
const [CLIENT, SERVER] = [68, 67];

/** A datagram by which is seen whether it gets where it would. */
interface Word {
  readonly what: string;
  readonly addresses: Datagram['addresses'];
  readonly ports: Datagram['ports'];
  readonly isHeard: boolean;
}

const membersOf = ({ policy }: CarelessTruck, { name }: Segment): readonly Node[] =>
  policy.nodes.filter(({ segment }) => segment === name);

/** In words: what is heard and shouldn't be, or the other way round. */
async function misheard(truck: CarelessTruck, all: readonly (readonly [Word, Passage])[]): Promise<readonly string[]> {
  if (all.length === 0) return ['nothing was tried'];
  const passed = await whatPasses(
    truck.network,
    all.map(([, passage]) => passage),
  );
  return all.flatMap(([{ what, isHeard }]) => {
    const wasHeard = passed.includes(`${what}: it arrived`);
    return wasHeard === isHeard ? [] : [wasHeard ? `${what}: it arrived` : `${what}: it isn’t heard`];
  });
}

/** What a node may say to the router, and what not. */
function wordsToRouter(segment: Segment, address: string, foreign: Segment | undefined): readonly Word[] {
  const { name, router, gateway, dhcp } = segment;
  const isServed = dhcp !== undefined;
  const dhcpFrom = (
    source: string,
    destination: string,
    isHeard: boolean,
    ports = [CLIENT, SERVER] as const,
  ): Word => ({
    what: `${name}: ${source}:${ports[0]} to ${destination}:${ports[1]}`,
    addresses: [source, destination],
    ports: [...ports],
    isHeard,
  });
  return [
    dhcpFrom(NOBODY, EVERYBODY, isServed),
    dhcpFrom(address, EVERYBODY, isServed),
    dhcpFrom(address, router, isServed),
    dhcpFrom(address, gateway, isServed),
    dhcpFrom(NOBODY, router, false),
    dhcpFrom(NOBODY, EVERYBODY, false, [CLIENT, 53]),
    dhcpFrom(NOBODY, EVERYBODY, false, [4711, SERVER]),
    dhcpFrom(address, EVERYBODY, false, [4711, SERVER]),
    dhcpFrom(address, gateway, false, [4711, 53]),
    ...(foreign === undefined ? [] : [dhcpFrom(address, foreign.router, false)]),
  ];
}

const clientsAreHeard: LayerTrial = {
  name: 'whoever asks for an address is heard by the router where it serves, and nobody else is by this way, by router',
  ...{ layers: ['router'], policies: ['station.yaml'], about: /udp dport 67/ },
  problems: async (truck) => {
    await truck.holds('router');
    const { segments } = truck.policy;
    const all = segments.flatMap((segment) =>
      membersOf(truck, segment)
        .slice(0, 1)
        .flatMap((node) => {
          const foreign = segments.find((other) => other !== segment && other.dhcp !== undefined);
          return wordsToRouter(segment, node.address, foreign).map((word): readonly [Word, Passage] => {
            const { addresses, ports, what } = word;
            const mac = addresses[1] === EVERYBODY ? BROADCAST : routerMac(segment);
            const frames = `iifname "${segment.bridge}" ip saddr ${addresses[0]} ip daddr ${addresses[1]} udp sport ${ports[0]} udp dport ${ports[1]}`;
            const send = () =>
              forge(truck.network, node.name, 'eth0', datagram({ macs: [STRANGERS_MAC, mac], addresses, ports }));
            const at = (hook: 'prerouting' | 'input') => ({ place: 'router', hook, frames });
            return [word, { what, send, setsOut: at('prerouting'), arrives: at('input') }];
          });
        }),
    );
    return await misheard(truck, all);
  },
};

/** Ports that nobody uses, one for each offer: by them they are told apart. */
const FIRST_PORT = 6800;

/** A DHCP server's word in a segment: who says it, with whose MAC address, and who would hear it. */
interface Offer {
  readonly from: string;
  readonly link: string;
  readonly mac: string;
  readonly source: string;
  readonly to: Node;
  readonly isHeard: boolean;
}

function offersIn(truck: CarelessTruck, segment: Segment): readonly Offer[] {
  const members = membersOf(truck, segment);
  const isServed = segment.dhcp !== undefined;
  const router = routerMac(segment);
  const rogue = members.flatMap((from) =>
    members
      .filter((to) => to !== from)
      .map((to) => ({
        from: from.name,
        link: 'eth0',
        source: from.address,
        to,
        mac: STRANGERS_MAC,
        isHeard: !isServed,
      })),
  );
  // By a cable also whoever says that he is the router: it is never at the end of one.
  const posing = rogue
    .filter(({ from }) => isServed && members.some(({ name, kind }) => name === from && kind === 'device'))
    .map((offer) => ({ ...offer, mac: router }));
  // Last, so that the bridge knows again where the router is.
  const own = members.map((to) => ({
    ...{ from: 'router', link: segment.bridge, mac: router, source: segment.router, to },
    isHeard: true,
  }));
  return [...rogue, ...posing, ...own];
}

const oneServer = (layers: readonly Layer[]): LayerTrial => ({
  name: `a DHCP server that is not the router is heard only where the router serves nobody, by ${named(layers)}`,
  ...{ layers, policies: ['station.yaml'], about: new RegExp(ROGUE_SERVER) },
  problems: async (truck) => {
    await truck.holds(...layers);
    const offers = truck.policy.segments.flatMap((segment) => offersIn(truck, segment));
    const all = offers.map(({ from, link, mac, source, to, isHeard }, index): readonly [Word, Passage] => {
      const what = `an offer of ${from} as ${mac} to ${to.name}`;
      const ports = [SERVER, FIRST_PORT + index] as const;
      const addresses = [source, EVERYBODY] as const;
      const frames = `udp sport ${ports[0]} udp dport ${ports[1]}`;
      const send = () => forge(truck.network, from, link, datagram({ macs: [mac, BROADCAST], addresses, ports }));
      return [
        { what, addresses, ports, isHeard },
        {
          ...{ what, send },
          setsOut: { place: 'switch', family: 'bridge', hook: 'prerouting', frames },
          arrives: { place: to.name, hook: 'prerouting', frames },
        },
      ];
    });
    return await misheard(truck, all);
  },
});

export const ADDRESS_SERVICE: readonly LayerTrial[] = [clientsAreHeard, oneServer(['edge'])];
