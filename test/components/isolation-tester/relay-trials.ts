import { BROADCAST } from '../../../lib/packet/mac.ts';
import { routerMac } from '../../../lib/truck/router-mac.ts';
import { until } from '../host/until.ts';
import { type CarelessTruck, LAYERS, type Layer } from './careless-truck.ts';
import { type LayerTrial, named } from './layer-trial.ts';
import { forgeAll } from './passage.ts';
import { type Declared, declaredIn, Ears, EVERYBODY, type Heard, type Message, messageFrame, tell } from './relayed.ts';

const ABOUT = /relay|messages|copies/;
const PATIENCE_MS = 3000;
const STRANGE_MAC = '02:00:00:00:00:77';
const STORM = 10_000;

const placesOf = ({ policy }: CarelessTruck) => [...policy.nodes.map(({ name }) => name), 'internet'];

/** Listens everywhere while something happens. */
async function listening<T>(
  truck: CarelessTruck,
  ports: readonly number[],
  action: (ears: Ears) => Promise<T>,
): Promise<T> {
  const ears = new Ears(truck.network, placesOf(truck), ports);
  try {
    return await action(ears);
  } finally {
    ears.close();
  }
}

const portsOf = ({ policy }: CarelessTruck) => policy.broadcasts.map(({ port }) => port);
const nodesIn = ({ policy }: CarelessTruck, segments: Declared['targets']) =>
  policy.nodes.filter(({ segment }) => segments.some(({ name }) => name === segment)).map(({ name }) => name);
const arrivals = (heard: readonly Heard[], text: string, place: string) =>
  heard.filter((one) => one.text === text && one.place === place);

/** Waits until everybody for whom it is has heard it; false: in vain. */
async function arrives(truck: CarelessTruck, ears: Ears, { targets }: Declared, text: string): Promise<boolean> {
  const places = nodesIn(truck, targets);
  try {
    await until(text, () => places.every((place) => arrivals(ears.heard(), text, place).length > 0), PATIENCE_MS);
    return true;
  } catch (error) {
    if (error instanceof Error && error.message.startsWith('not within')) return false;
    throw error;
  }
}

/** In words: where it isn’t heard once as the router’s, or is heard and shouldn’t be. */
function misdelivered(truck: CarelessTruck, { broadcast, home, targets }: Declared, text: string, ears: Ears) {
  const { policy } = truck;
  const heard = ears.heard();
  return placesOf(truck).flatMap((place): readonly string[] => {
    const segment = policy.nodes.find(({ name }) => name === place)?.segment;
    if (segment === home.name) return [];
    const [first, ...more] = arrivals(heard, text, place);
    const target = targets.find(({ name }) => name === segment);
    if (target === undefined) return first === undefined ? [] : [`${text}: it arrived at ${place}`];
    if (first === undefined || more.length > 0) return [`${text}: ${place} hears it ${more.length + (first ? 1 : 0)}×`];
    const { group } = broadcast;
    const wanted: Omit<Heard, 'place' | 'text'> = {
      // To everybody also with a group: who listens to it is told by IGMP to nobody.
      macs: [routerMac(target), BROADCAST],
      addresses: [target.router, group ?? EVERYBODY],
      ttl: 1,
      intact: true,
    };
    const { place: _place, text: _text, ...found } = first;
    return JSON.stringify(found) === JSON.stringify(wanted)
      ? []
      : [`${text}: at ${place} it is ${JSON.stringify(found)}, not ${JSON.stringify(wanted)}`];
  });
}

const delivered = (layers: readonly Layer[]): LayerTrial => ({
  name: `each message of a broadcast arrives once in each declared segment, as the router’s, and nowhere else, by ${named(layers)}`,
  ...{ layers, policies: ['station.yaml'], about: ABOUT },
  problems: async (truck) => {
    await truck.holds(...layers);
    return await listening(truck, portsOf(truck), async (ears) => {
      const problems: string[] = [];
      for (const declared of declaredIn(truck.policy)) {
        for (const message of declared.messages) {
          tell(truck.network, declared.source.name, message);
          await arrives(truck, ears, declared, message.text);
          problems.push(...misdelivered(truck, declared, message.text, ears));
        }
      }
      return problems;
    });
  },
});

/** What must stay in its segment, each with the place that sends it. */
function refused({ policy }: CarelessTruck, declared: Declared): readonly (readonly [place: string, Message])[] {
  const { broadcast, source, home, messages } = declared;
  const speaksItself = (node: string) =>
    policy.broadcasts.some(
      ({ from, port, group }) => from === node && port === broadcast.port && group === broadcast.group,
    );
  return messages.flatMap((message, index) => {
    const [sender, everybody] = message.macs;
    const told = (place: string, what: string, changed: Partial<Message>) =>
      [place, { ...message, ...changed, text: `${what} of ${broadcast.name}, ${index}` }] as const;
    const to = message.addresses[1];
    return [
      ...policy.nodes
        .filter(({ name }) => name !== source.name)
        .flatMap(({ name, mac, address, segment }) => [
          ...(speaksItself(name)
            ? []
            : [told(name, `what ${name} says itself`, { macs: [mac, everybody], addresses: [address, to] })]),
          ...(segment === home.name
            ? [told(name, `what ${name} says as ${source.name}`, { macs: [mac, everybody] })]
            : [told(name, `what ${name} says as all that ${source.name} is`, {})]),
        ]),
      told('internet', 'what is said outside', { macs: [STRANGE_MAC, everybody] }),
      told(source.name, 'what the source says with another address', {
        addresses: [`${home.subnet.split('.').slice(0, 3).join('.')}.13`, to],
      }),
      told(source.name, 'what the source says at another port', { port: broadcast.port + 1 }),
      told(source.name, 'what the source says to the router alone', { macs: [sender, routerMac(home)] }),
      told(source.name, 'what is too large', { size: broadcast.size + 1 }),
      told(source.name, 'what has options', { options: 1 }),
    ];
  });
}

const refusedOnes: LayerTrial = {
  name: 'nothing else is relayed: no neighbour’s message, no imitator’s, none too large, at another port, or with options, by router',
  ...{ layers: ['router'], policies: ['station.yaml'], about: ABOUT },
  problems: async (truck) => {
    await truck.holds('router');
    const { network, policy } = truck;
    const ports = portsOf(truck).flatMap((port) => [port, port + 1]);
    return await listening(truck, ports, async (ears) => {
      const problems: string[] = [];
      for (const declared of declaredIn(policy)) {
        const tried = refused(truck, declared);
        for (const [place, message] of tried) tell(network, place, message);
        // What comes last tells when the others are through, and is as large as may be.
        const last = {
          ...firstOf(declared),
          text: `the last of ${declared.broadcast.name}`,
          size: declared.broadcast.size,
        };
        tell(network, declared.source.name, last);
        if (!(await arrives(truck, ears, declared, last.text))) problems.push(`${last.text}: it is not relayed`);
        const segmentOf = (place: string) => policy.nodes.find(({ name }) => name === place)?.segment ?? place;
        for (const [from, { text }] of tried) {
          const elsewhere = ears
            .heard()
            .filter((one) => one.text === text && segmentOf(one.place) !== segmentOf(from))
            .map(({ place }) => `${text}: it arrived at ${place}`);
          problems.push(...new Set(elsewhere));
        }
      }
      return problems;
    });
  },
};

const firstOf = ({ messages: [message] }: Declared): Message => {
  if (message === undefined) throw new Error('a broadcast without a message');
  return message;
};

/** Ten thousand at once: what may come at once comes, and then as many a second as may. */
const storm: LayerTrial = {
  name: 'a storm crosses no faster than the declared rate, by router',
  ...{ layers: ['router'], policies: ['station.yaml'], about: ABOUT },
  problems: async (truck) => {
    await truck.holds('router');
    const { network, policy } = truck;
    return await listening(truck, portsOf(truck), async (ears) => {
      const problems: string[] = [];
      for (const declared of declaredIn(policy)) {
        const { broadcast, source, targets } = declared;
        const message = { ...firstOf(declared), text: `a storm of ${broadcast.name}` };
        const begun = performance.now();
        forgeAll(network, source.name, 'eth0', messageFrame(message), STORM);
        // Once there is room again another one comes through: then the storm is over.
        const last = { ...firstOf(declared), text: `after ${message.text}` };
        const places = nodesIn(truck, targets);
        await until(last.text, () => {
          tell(network, source.name, last);
          return places.every((place) => arrivals(ears.heard(), last.text, place).length > 0);
        });
        const seconds = (performance.now() - begun) / 1000;
        for (const place of places) {
          const count = arrivals(ears.heard(), message.text, place).length;
          const most = Math.ceil(broadcast.rate * (1 + seconds));
          if (count > most) problems.push(`${message.text}: ${place} hears ${count}, in ${seconds} s`);
          if (count < broadcast.rate) problems.push(`${message.text}: ${place} hears only ${count}`);
        }
      }
      return problems;
    });
  },
};

export const RELAY: readonly LayerTrial[] = [delivered(['router']), delivered(LAYERS), refusedOnes, storm];
