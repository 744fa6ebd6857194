import type { Segment } from '../../../lib/policy/index.ts';
import { contains, toNumber, toSubnet } from '../../../lib/policy/ipv4.ts';
import type { BypassKind } from '../../../lib/truck/bypass.ts';
import type { Expectation } from '../../../lib/truck/expectation.ts';
import type { MatrixRow } from '../../../lib/truck/judge.ts';
import type { BypassRow } from '../../../lib/truck/judge-bypasses.ts';
import { INTERNET } from '../../../lib/truck/network.ts';
import { NOT_INTERNET } from '../../../lib/truck/ruleset/not-internet.ts';
import { ADDRESS_SERVICE } from './address-service-trials.ts';
import { BEYOND, besides, type CarelessTruck, LAYERS, type Layer, UNREACHABLE } from './careless-truck.ts';
import { COUNTED_DROPS } from './counted-drops.ts';
import { HOST_LINK } from './host-link-trials.ts';
import { type LayerTrial, named } from './layer-trial.ts';
import { MOVED_PORTS } from './moved-ports.ts';
import { OVERHEARD } from './overheard.ts';
import { RELAY } from './relay-trials.ts';
import { STRAY_LINKS } from './stray-links.ts';

const BOTH = ['article.yaml', 'station.yaml'] as const;
const TERMS = ['flows with terms'] as const;
const WITHOUT_FLOWS = ['article.yaml', 'public addresses'] as const;

const closed = (
  kind: BypassKind,
  layers: readonly Layer[],
  policies: LayerTrial['policies'] = BOTH,
  only: { readonly words: string; readonly belongs: (row: BypassRow) => boolean } = { words: '', belongs: () => true },
): LayerTrial => ({
  name: `${kind}${only.words} is closed by ${named(layers)}`,
  ...{ layers, policies },
  problems: async (truck) => {
    const rows = (await truck.attemptsWith(kind, layers)).filter(only.belongs);
    return rows.length === 0 ? ['nothing was tried'] : besides(rows, 'closed');
  },
});

const FROM_NODES = { words: ', from nodes,', belongs: ({ attempt }: BypassRow) => attempt.from !== INTERNET };

/** As the internet itself the edge lets whoever may speak to it be spoken to. */
const FROM_PRIVATE = {
  words: ', from what is no internet,',
  belongs: ({ attempt: { frame } }: BypassRow) =>
    frame.packet.type === 'ipv4' && isIn(NOT_INTERNET, frame.packet.source),
};
const isIn = (ranges: readonly string[], address: string) =>
  ranges.some((range) => contains(toSubnet(range), toNumber(address)));

/** What closes each kind, alone; without VLANs a careless truck leaves some kinds closed, which only the lab can show. */
export const CLOSED_BY: readonly LayerTrial[] = [
  closed('another segment through the host', ['host']),
  closed('another segment through the host', ['sysctls']),
  closed('the host’s own addresses and services', ['host']),
  closed('the internet past the router', ['host']),
  closed('the internet past the router', ['sysctls']),
  closed('ARP for addresses elsewhere', ['edge', 'sysctls']),
  closed('ARP for addresses elsewhere', ['sysctls', 'routerSysctls']),
  closed('the router’s other addresses', ['router']),
  closed('the router’s other addresses', ['edge'], ['article.yaml']),
  closed('the router’s services', ['router']),
  closed('inbound from the uplink', ['router']),
  closed('inbound from the uplink', ['edge'], BOTH, FROM_PRIVATE),
  closed('inbound from the uplink', ['edge'], TERMS, {
    words: ', to a segment whose way to the internet is over,',
    belongs: ({ attempt: { frame } }) =>
      frame.packet.type === 'ipv4' && frame.packet.destination.startsWith('10.20.30.'),
  }),
  closed('the uplink’s own network', ['host', 'router']),
  closed('the uplink’s own network', ['sysctls', 'edge'], BOTH),
  closed('spoofed sources', ['router']),
  closed('spoofed sources', ['edge'], BOTH, FROM_NODES),
  closed('tagged frames', ['host']),
  closed('tagged frames', ['sysctls']),
  closed('IPv6', ['host', 'router']),
  closed('IPv6', ['sysctls', 'routerSysctls']),
  closed('the router’s address taken', ['edge']),
  closed('broadcast and multicast', ['host', 'router']),
];

const matrix = (
  name: string,
  layers: readonly Layer[],
  policies: LayerTrial['policies'] = BOTH,
  belongs: (row: MatrixRow) => boolean = () => true,
  expectations: (truck: CarelessTruck) => readonly Expectation[] = (truck) => truck.expectations,
): LayerTrial => ({
  ...{ name, layers, policies },
  problems: async (truck) => {
    const rows = (await truck.matrixWith(layers, expectations(truck))).filter(belongs);
    if (rows.length === 0) return ['nothing was measured'];
    return rows
      .filter(({ outcome }) => outcome !== 'as-expected')
      .map(({ expectation, outcome, reason }) => `${expectation.id}: ${outcome}, ${reason}`);
  },
});

/** The matrix asks at the first port of a range and at the one after its last. */
function atEachPort({ policy, expectations }: CarelessTruck): readonly Expectation[] {
  const opened = policy.flows.flatMap(({ protocol, ports }) => ports.map((range) => ({ protocol, ...range })));
  return expectations.flatMap((expectation) => {
    const { probe, verdict, id } = expectation;
    if (probe.protocol === 'icmp' || verdict === 'isolated') return [];
    const range = opened.find(({ protocol, from }) => protocol === probe.protocol && from === probe.port);
    const more = range === undefined ? 0 : range.to - range.from;
    return Array.from({ length: more }, (_, index) => {
      const port = probe.port + index + 1;
      return { ...expectation, id: `${id} and ${port}`, probe: { ...probe, port } };
    });
  });
}

/** What the policy promises; also that it lets pass what it should. */
export const PROMISED: readonly LayerTrial[] = [
  matrix('all rows of the matrix hold by all layers', LAYERS, [...BOTH, ...TERMS]),
  matrix('all rows of the matrix hold by router', ['router'], [...BOTH, ...TERMS]),
  matrix(
    'what is over, or has not begun, is closed by edge',
    ['edge'],
    TERMS,
    ({ expectation: { verdict, from, to } }) =>
      verdict === 'isolated' && [from, to].some((name) => name === 'telemetry' || name === 'modem'),
  ),
  matrix('each port of a range is open by router', ['router'], ['station.yaml'], () => true, atEachPort),
  matrix('all rows of the matrix hold by edge', ['edge'], WITHOUT_FLOWS),
  matrix(
    'the internet is reached by whom it is allowed, by edge',
    ['edge'],
    BOTH,
    ({ expectation }) => expectation.to === INTERNET,
  ),
];

/** Inside one segment: a device at the same bridge shows what the VLAN link lets out and in. */
const staysOffTheWire = (from: 'container' | 'device', to: 'container' | 'device'): LayerTrial => ({
  name: `what a ${from} tags, and its IPv6, does not reach the ${to}s of its segment by edge`,
  ...{ layers: ['edge'], policies: BOTH },
  problems: async (truck) => {
    const nodeOf = (name: string) => truck.policy.nodes.find((node) => node.name === name);
    const kinds: readonly BypassKind[] = ['tagged frames', 'double-tagged frames', 'IPv6'];
    const rows: BypassRow[] = [];
    for (const kind of kinds) rows.push(...(await truck.attemptsWith(kind, ['edge'])));
    const own = rows.filter(({ attempt }) => nodeOf(attempt.from)?.kind === from);
    return arrivals(own, (place, sender) => {
      const [there, here] = [nodeOf(place), nodeOf(sender)];
      return there?.kind === to && there.segment === here?.segment;
    });
  },
});

/** In words: what got to such nodes. Nothing tried is nothing shown. */
function arrivals(rows: readonly BypassRow[], concerns: (node: string, from: string) => boolean): readonly string[] {
  if (rows.length === 0) return ['nothing was tried'];
  return rows.flatMap(({ attempt, observation, verdict, reason }) =>
    verdict === 'inconclusive'
      ? [`${attempt.id}: ${verdict}, ${reason}`]
      : (observation?.arrivedAt ?? [])
          .filter(({ role, name }) => role === 'node' && concerns(name, attempt.from))
          .map(({ name }) => `${attempt.id}: it arrived at ${name}`),
  );
}

const movedCables: LayerTrial = {
  name: 'VLAN links that somebody moved to one bridge do not join VLANs, by edge',
  ...{ layers: ['edge'], policies: BOTH },
  problems: async (truck) => {
    const { policy, network } = truck;
    const segmentOf = (device: string) =>
      policy.nodes.find(({ kind, name }) => kind === 'device' && name === device)?.segment;
    const cabled = policy.segments.filter(({ name }) => policy.nodes.some((node) => segmentOf(node.name) === name));
    const [home, ...others] = cabled;
    if (home === undefined || others.length === 0) throw new Error('two segments with devices are needed');
    const move = async (bridgeOf: (segment: Segment) => string) => {
      const moves = others.map((segment) => `link set dev ${segment.vlanInterface} master ${bridgeOf(segment)}`);
      await network.ip('switch', ...moves);
      await truck.plugged();
    };
    await truck.holds('edge');
    await move(() => home.bridge);
    try {
      const rows = await truck.attempts('broadcast and multicast');
      const isElsewhere = (place: string, from: string) =>
        segmentOf(place) !== undefined && segmentOf(place) !== segmentOf(from);
      const [own, moved] = [true, false].map((isHome) =>
        rows.filter(
          ({ attempt: { from } }) => segmentOf(from) !== undefined && (segmentOf(from) === home.name) === isHome,
        ),
      );
      // Of those who were moved nobody in their own segment hears anything: only what arrives tells.
      const conclusive = (moved ?? []).filter(({ verdict }) => verdict !== 'inconclusive');
      return [...arrivals(own ?? [], isElsewhere), ...(conclusive.length > 0 ? arrivals(conclusive, isElsewhere) : [])];
    } finally {
      await move(({ bridge }) => bridge);
    }
  },
};

/** Who looks for somebody (DHCP, mDNS) finds him. */
const broadcastsWithin: LayerTrial = {
  name: 'broadcast and multicast reach everybody else in the segment, by edge',
  ...{ layers: ['edge'], policies: BOTH },
  problems: async (truck) => {
    const rows = await truck.attemptsWith('broadcast and multicast', ['edge']);
    return truck.policy.nodes.flatMap((sender) =>
      truck.policy.nodes
        .filter(({ name, segment }) => segment === sender.segment && name !== sender.name)
        .flatMap(({ name }) =>
          ['255.255.255.255', '239.255.255.250'].flatMap((destination) => {
            const heard = rows.some(
              ({ attempt: { from, frame }, observation }) =>
                from === sender.name &&
                frame.packet.type === 'ipv4' &&
                frame.packet.destination === destination &&
                observation?.arrivedAt.some((place) => place.name === name),
            );
            return heard ? [] : [`${name} does not hear what ${sender.name} sends to ${destination}`];
          }),
        ),
    );
  },
};

/** Nor does it ask for neighbours by it. */
const routerIsSilent: LayerTrial = {
  name: 'the router itself sends no IPv6, by router',
  ...{ layers: ['router'], policies: BOTH },
  problems: async (truck) => {
    await truck.holds('router');
    const echoes = async (node: string) =>
      Number(/^Icmp6InEchos\s+(\d+)/m.exec(await truck.network.sh(node, 'cat /proc/net/snmp6'))?.[1]);
    const before = await Promise.all(truck.policy.nodes.map(({ name }) => echoes(name)));
    const pings = truck.policy.segments.map(({ bridge }) => `ping -6 -n -c 1 -W 1 ff02::1%${bridge} &`);
    await truck.network.sh('router', [...pings, 'wait', ''].join('\n'));
    const after = await Promise.all(truck.policy.nodes.map(({ name }) => echoes(name)));
    return truck.policy.nodes.flatMap(({ name }, index) =>
      after[index] === before[index] ? [] : [`what it sends to all nodes: it arrived at ${name}`],
    );
  },
};

/** Docker tells containers that it is their gateway. */
const gatewayAnswers: LayerTrial = {
  name: 'the router answers on its second address in the segment, too, by router',
  ...{ layers: ['router'], policies: BOTH },
  problems: async (truck) => {
    await truck.holds('router');
    const said = await Promise.all(
      truck.policy.nodes.map(async ({ name, segment }) => {
        const gateway = truck.policy.segments.find((each) => each.name === segment)?.gateway;
        return / bytes from /.test(await truck.network.sh(name, `ping -n -c 1 -W 1 ${gateway} || :`))
          ? []
          : [`${name} hears nothing from ${gateway}`];
      }),
    );
    return said.flat();
  },
};

/** Connection tracking remembers who spoke while nothing was forbidden, and takes what has the same addresses and identifier for the same conversation. */
const begunBefore: LayerTrial = {
  name: 'a conversation with the router’s other addresses that began without its rules ends with them, by router',
  ...{ layers: ['router'], policies: BOTH },
  problems: async (truck) => {
    const { policy, network } = truck;
    const pairs = policy.nodes.flatMap(({ name, segment }) =>
      policy.segments.flatMap((other) => (other.name === segment ? [] : [[name, other.router] as const])),
    );
    const answered = async () => {
      const said = await Promise.all(
        pairs.map(async ([node, address]) =>
          / bytes from /.test(await network.sh(node, `ping -n -c 1 -W 1 -e 4711 ${address} || :`))
            ? [`${node} and ${address}`]
            : [],
        ),
      );
      return said.flat();
    };
    await truck.holds();
    const begun = await answered();
    if (begun.length === 0) return ['nothing began'];
    await truck.holds('router');
    return (await answered()).map((pair) => `${pair} go on: it arrived`);
  },
};

/** Before a node takes an address it asks whether somebody has it, as nobody (RFC 5227). */
const askedAsNobody: LayerTrial = {
  name: 'who asks whether an address is taken is told so by its owner, by edge',
  ...{ layers: ['edge'], policies: BOTH },
  problems: async (truck) => {
    await truck.holds('edge');
    // Whoever is known is asked now and then whether he is still there, which would look like his answer.
    await truck.forgetNeighbours();
    const pairs = truck.policy.nodes.flatMap((asking) =>
      truck.policy.nodes
        .filter(({ segment, kind }) => segment === asking.segment && kind !== asking.kind)
        .map((asked) => [asking, asked] as const),
    );
    const said = await Promise.all(
      pairs.map(async ([asking, asked]) => {
        const probe = `busybox arping -D -c 1 -w 2 -I eth0 ${asked.address} || :`;
        return /Received [1-9]/.test(await truck.network.sh(asking.name, probe))
          ? []
          : [`${asking.name} was not told that ${asked.name} has ${asked.address}`];
      }),
    );
    return said.flat();
  },
};

/** Errors come from private addresses, too: without them a sender waits in vain, or sends what is too big for the way (RFC 792, RFC 1191). */
const errorIsHeard = (what: string, options: string, says: RegExp): LayerTrial => ({
  name: `who sends ${what} is told so by the uplink’s gateway, by all layers`,
  ...{ layers: LAYERS, policies: BOTH },
  problems: async (truck) => {
    await truck.holds(...LAYERS);
    const online = truck.policy.segments.filter(({ internet }) => internet).map(({ name }) => name);
    const senders = truck.policy.nodes.filter(({ segment }) => online.includes(segment));
    const said = await Promise.all(
      senders.map(
        async ({ name }) => [name, await truck.network.sh(name, `ping -n -c 1 -W 1 ${options} || :`)] as const,
      ),
    );
    return said.filter(([, words]) => !says.test(words)).map(([name, words]) => `${name} heard: ${words}`);
  },
});

/** All that a careless truck shows. */
export const LAYER_TRIALS: readonly LayerTrial[] = [
  ...CLOSED_BY,
  ...PROMISED,
  staysOffTheWire('container', 'device'),
  staysOffTheWire('device', 'container'),
  movedCables,
  broadcastsWithin,
  routerIsSilent,
  gatewayAnswers,
  begunBefore,
  askedAsNobody,
  ...STRAY_LINKS,
  ...HOST_LINK,
  ...MOVED_PORTS,
  ...OVERHEARD,
  ...COUNTED_DROPS,
  ...RELAY,
  ...ADDRESS_SERVICE,
  errorIsHeard('to where no route leads', UNREACHABLE, /^From \S+ icmp_seq=1 Destination Host Unreachable/m),
  errorIsHeard('what lives too short', `-t 2 ${BEYOND}`, /^From \S+ icmp_seq=1 Time to live exceeded/m),
];
