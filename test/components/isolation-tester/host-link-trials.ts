import { listLinks } from '../../../components/host/ip.ts';
import { run } from '../../../components/host/run.ts';
import { addHostRoute, removeHostRoute } from '../../../components/network-manager/host-route.ts';
import { encodeArp } from '../../../lib/packet/arp.ts';
import { ETHER_ARP, ETHER_IPV6, encodeFrame } from '../../../lib/packet/ethernet.ts';
import { UDP } from '../../../lib/packet/ipv4.ts';
import { encodeIpv6, ipv6Bytes } from '../../../lib/packet/ipv6.ts';
import { BROADCAST } from '../../../lib/packet/mac.ts';
import { encodeUdp } from '../../../lib/packet/transport.ts';
import type { HostLink } from '../../../lib/truck/network.ts';
import { NOT_INTERNET } from '../../../lib/truck/ruleset/not-internet.ts';
import { compiled } from '../../lib/truck/support.ts';
import { type CarelessTruck, LAYERS, type Layer, STRANGER, UNREACHABLE } from './careless-truck.ts';
import { type LayerTrial, named } from './layer-trial.ts';
import { datagram, forge, type Passage, type Point, say, unreachable, whatPasses } from './passage.ts';

/** The truck's computer on its own way to the router: what it may say there, and what it hears. */
interface Host {
  readonly truck: CarelessTruck;
  readonly link: HostLink;
  /** The gateway's address in the uplink's network, and the host's. */
  readonly gateway: string;
  readonly outside: string;
  /** MAC addresses of the host's ends. */
  readonly macs: { readonly link: string; readonly out: string };
}

const [PORT, THERE] = [7123, 7000];
/** No other trial speaks to it: what connection tracking knows already isn’t led elsewhere. */
const PUBLISHED = 7124;
const MARKED = `udp dport ${PORT}`;
const [OWN_MAC, NOBODY] = ['02:00:00:00:00:76', '02:00:00:00:00:77'];
const OUTSIDE = '192.168.50.9';
const ELSEWHERE = '203.0.113.77';

const trial = (
  words: string,
  layers: readonly Layer[],
  about: RegExp,
  problems: (host: Host) => Promise<readonly string[]>,
  policies: LayerTrial['policies'] = ['article.yaml', 'public addresses'],
): LayerTrial => ({
  name: `${words}, by ${named(layers)}`,
  ...{ layers, policies, about },
  problems: async (truck) => {
    await truck.holds(...layers);
    const { hostLink: link } = compiled(truck.policy);
    const [uplink] = truck.policy.uplinks;
    if (link === undefined || uplink?.addressing.kind !== 'static') throw new Error('this truck has no host link');
    const netns = truck.network.netns('switch');
    const links = await listLinks(netns);
    const macOf = (name: string) => links.find(({ ifname }) => ifname === name)?.address ?? '';
    await addHostRoute(link.route, netns);
    try {
      return await problems({
        ...{ truck, link, gateway: uplink.addressing.gateway, outside: OUTSIDE },
        macs: { link: macOf(link.bridge), out: macOf('out') },
      });
    } finally {
      await removeHostRoute(link.route, netns);
      // Who has sent as the router: the bridge believes that it is where he is.
      const shown = { macs: [link.routerMac, NOBODY], addresses: [link.router, ELSEWHERE], ports: [9, 9] } as const;
      forge(truck.network, 'router', link.bridge, datagram(shown));
    }
  },
});

/** A host that has another default route, as careful with reverse paths as distributions are: it has to ask for the host link. */
const reachesInternet = (layers: readonly Layer[], about: RegExp) =>
  trial('the host reaches the internet by its link, and hears of errors', layers, about, async ({ truck, link }) => {
    const { network, policy } = truck;
    const by = async (options: string, expected: RegExp) => {
      const words = await network.sh('switch', `ping -n -c 1 -W 1 ${options} || :`);
      return expected.test(words) ? [] : [`ping ${options}: ${words}`];
    };
    const strictly = (value: number) => network.sh('switch', `echo ${value} > /proc/sys/net/ipv4/conf/all/rp_filter`);
    await strictly(layers.includes('sysctls') ? 1 : 0);
    try {
      return [
        ...(await by(`-I ${link.bridge} ${policy.internet.probe}`, / bytes from /)),
        ...(await by(link.router, / bytes from /)),
        ...(await by(link.host, / bytes from /)),
        ...(await by(`-I ${link.bridge} ${UNREACHABLE}`, /^From \S+ icmp_seq=1 Destination Host Unreachable/m)),
      ];
    } finally {
      await strictly(0);
    }
  });

/** Where the host hears, and what it has received. */
const heardBy = (link: string, frames: string): Pick<Passage, 'setsOut' | 'arrives'> => ({
  setsOut: { place: 'switch', hook: 'prerouting', frames: `iifname "${link}" ${frames}` },
  arrives: { place: 'switch', hook: 'input', frames: `iifname "${link}" ${frames}` },
});

/** As whoever is on the host link would, by the router's MAC address or his own. */
const sentBy =
  ({ truck: { network } }: Host, frame: Buffer) =>
  () =>
    forge(network, STRANGER, 'eth0', frame);

/** The host has a conversation with the internet, by its link or by another way. */
async function conversing<T>({ truck, link, gateway }: Host, by: 'link' | 'out', action: () => Promise<T>): Promise<T> {
  const { network, policy } = truck;
  const { probe } = policy.internet;
  const way =
    by === 'link' ? `via ${link.router} dev ${link.bridge} src ${link.host}` : `via ${gateway} dev out src ${OUTSIDE}`;
  await network.ip('switch', `route add ${probe}/32 ${way}`);
  try {
    say(network, 'switch', PORT, probe, THERE);
    return await action();
  } finally {
    await network.ip('switch', `route delete ${probe}/32`);
  }
}

const answersOnly = trial(
  'what comes by the host link and is no answer the host doesn’t hear',
  ['host'],
  /^host, (prerouting|input).*fb-host/,
  async (host) => {
    const { truck, link, macs, gateway } = host;
    const { network, policy } = truck;
    const { probe } = policy.internet;
    const asRouter = [link.routerMac, macs.link] as const;
    const answer = { addresses: [probe, link.host], ports: [THERE, PORT] } as const;
    const onLink = heardBy(link.bridge, MARKED);
    const asked: Passage = {
      what: 'a question by the router',
      send: sentBy(host, datagram({ macs: asRouter, addresses: [ELSEWHERE, link.host], ports: [THERE, PORT] })),
      ...onLink,
    };
    const forgedAnswer: Passage = {
      what: 'an answer by somebody who isn’t the router',
      send: sentBy(host, datagram({ macs: [OWN_MAC, macs.link], ...answer })),
      ...onLink,
    };
    const errors = policy.segments.map(
      ({ name, router }): Passage => ({
        what: `an error that ${name} tells`,
        send: sentBy(host, unreachable(asRouter, router, { addresses: [link.host, probe], ports: [PORT, THERE] })),
        ...heardBy(link.bridge, `icmp type destination-unreachable ip saddr ${router}`),
      }),
    );
    const toOthers: Passage = {
      what: 'an answer to what the host has asked by another way',
      send: sentBy(host, datagram({ macs: asRouter, addresses: [probe, OUTSIDE], ports: [THERE, PORT] })),
      ...onLink,
    };
    const pastRouter: Passage = {
      what: 'what the gateway sends to the host’s end past the router',
      send: () =>
        forge(
          network,
          'internet',
          'eth0',
          datagram({ macs: [OWN_MAC, macs.out], addresses: [gateway, link.host], ports: [PORT, PORT] }),
        ),
      ...heardBy('out', MARKED),
    };
    return [
      ...(await whatPasses(network, [asked, pastRouter])),
      ...(await conversing(host, 'link', () => whatPasses(network, [forgedAnswer, ...errors]))),
      ...(await conversing(host, 'out', () => whatPasses(network, [toOthers]))),
    ];
  },
);

/** It has none there, but somewhere else: connection tracking doesn't ask by which link an answer comes. */
const noIpv6 = trial('no IPv6 comes by the host link, not even answers', ['host'], /nfproto != ipv4/, async (host) => {
  const { network } = host.truck;
  const [here, there] = ['fd00:50::9', 'fd00:50::1'];
  const ends = { source: ipv6Bytes(there), destination: ipv6Bytes(here) };
  const payload = encodeUdp({ ...ends, sourcePort: THERE, destinationPort: PORT }, Buffer.from('x'));
  const frame = encodeFrame({
    ...{ source: host.link.routerMac, destination: host.macs.link, tags: [], etherType: ETHER_IPV6 },
    payload: encodeIpv6({ ...ends, nextHeader: UDP, payload }),
  });
  const ask = `
    const socket = require('node:dgram').createSocket('udp6');
    socket.bind(${PORT}, '${here}', () => socket.send('x', ${THERE}, '${there}', () => socket.close()));
  `;
  await network.sh(
    'switch',
    `ip address add ${here}/64 dev out nodad; ip neigh replace ${there} lladdr ${NOBODY} dev out`,
  );
  try {
    await run([process.execPath, '-e', ask], { netns: network.netns('switch') });
    const passage = { what: 'an answer by IPv6', send: sentBy(host, frame), ...heardBy(host.link.bridge, MARKED) };
    return await whatPasses(network, [passage]);
  } finally {
    await network.sh('switch', `ip neigh delete ${there} dev out; ip address delete ${here}/64 dev out`);
  }
});

const forwarded = (way: Pick<Point, 'frames'>): Point => ({ place: 'switch', hook: 'forward', ...way });

/** What Docker would do for a container whose port is published, and for one that goes out. */
const leadsNowhere = trial(
  'nothing is forwarded from the host link or to it',
  ['host'],
  /^host, forward/,
  async (host) => {
    const { truck, link, macs } = host;
    const { network } = truck;
    const vendor = '172.17.0.5';
    const inward: Passage = {
      what: 'to a port that a container publishes',
      send: sentBy(
        host,
        datagram({ macs: [link.routerMac, macs.link], addresses: [ELSEWHERE, link.host], ports: [THERE, PUBLISHED] }),
      ),
      setsOut: { place: 'switch', hook: 'prerouting', frames: `iifname "${link.bridge}" udp dport ${PUBLISHED}` },
      arrives: forwarded({ frames: `iifname "${link.bridge}" ip daddr ${vendor}` }),
    };
    const outward: Passage = {
      what: 'out by the host’s way',
      send: () =>
        forge(
          network,
          'internet',
          'eth0',
          datagram({ macs: [OWN_MAC, macs.out], addresses: [host.gateway, ELSEWHERE], ports: [PORT, PORT] }),
        ),
      setsOut: { place: 'switch', hook: 'prerouting', frames: `iifname "out" ${MARKED}` },
      arrives: forwarded({ frames: `oifname "${link.bridge}" ${MARKED}` }),
    };
    await network.rules(
      'switch',
      `chain docker { type nat hook prerouting priority dstnat; ip daddr ${link.host} udp dport ${PUBLISHED} dnat ip to ${vendor}; }`,
    );
    await network.ip('switch', `route add ${ELSEWHERE}/32 via ${link.router} dev ${link.bridge}`);
    try {
      return await whatPasses(network, [inward, outward]);
    } finally {
      await network.ip('switch', `route delete ${ELSEWHERE}/32`);
      await network.rules('switch');
    }
  },
);

/** One address in each range that is no internet, but for those that the kernel sends nowhere. */
const inEachRange = NOT_INTERNET.filter((range) => !range.startsWith('127.')).map((range) =>
  range.replace(/^(\d+)\.(\d+).*$/, (_, first: string, second: string) =>
    first === '224' ? '240.0.0.9' : `${first}.${second}.9.9`,
  ),
);

const internetOnly = trial(
  'by its link the host speaks to nobody but the internet',
  ['host'],
  /^host, output/,
  async ({ truck, link }) => {
    const { network, policy } = truck;
    const targets = [
      ...inEachRange.map((address) => [address, link.host] as const),
      ...policy.segments.map(({ subnet }) => [subnet.replace(/\.0\/\d+$/, '.66'), link.host] as const),
      // Nor as somebody else.
      [ELSEWHERE, OUTSIDE] as const,
    ];
    const ways = targets.map(
      ([address, source]) => `${address}/32 via ${link.router} dev ${link.bridge} src ${source}`,
    );
    await network.ip('switch', ...ways.map((way) => `route add ${way}`));
    try {
      return await whatPasses(
        network,
        targets.map(([address, source]): Passage => {
          const frames = `ip daddr ${address} ${MARKED}`;
          return {
            what: `${source}>${address}`,
            send: () => say(network, 'switch', PORT, address, PORT),
            setsOut: { place: 'switch', hook: 'output', frames },
            arrives: { place: 'switch', hook: 'postrouting', frames: `oifname "${link.bridge}" ${frames}` },
          };
        }),
      );
    } finally {
      await network.ip('switch', ...ways.map((way) => `route delete ${way}`));
    }
  },
);

const nobodyElse = trial(
  'who gets onto the host link passes for nobody there',
  ['edge'],
  /^edge.*(198\.19|fb:c6:13)/,
  async (host) => {
    const { truck, link } = host;
    const { network } = truck;
    const [from, to] = ['198.51.99.1', '198.51.99.2'];
    const ip = (addresses: readonly [string, string], macs: readonly [string, string] = [OWN_MAC, NOBODY]) =>
      [
        datagram({ macs, addresses, ports: [PORT, PORT] }),
        `ether saddr ${macs[0]} ether daddr ${macs[1]} ip saddr ${addresses[0]} ip daddr ${addresses[1]}`,
      ] as const;
    const arp = (senderAddress: string, targetAddress: string) =>
      [
        encodeFrame({
          ...{ source: OWN_MAC, destination: BROADCAST, tags: [], etherType: ETHER_ARP },
          payload: encodeArp({
            ...{ operation: 'request', senderMac: OWN_MAC, senderAddress },
            ...{ targetMac: '00:00:00:00:00:00', targetAddress },
          }),
        }),
        `arp saddr ip ${senderAddress} arp daddr ip ${targetAddress}`,
      ] as const;
    const attempts = {
      'from the host’s address': ip([link.host, to]),
      'to the host’s address': ip([from, link.host]),
      'as the host, by ARP': arp(link.host, to),
      'asking for the host, by ARP': arp(from, link.host),
      'from the router’s MAC address': ip([from, to], [link.routerMac, NOBODY]),
      'to the router’s MAC address': ip([from, to], [OWN_MAC, link.routerMac]),
    };
    const passages = Object.entries(attempts).map(
      ([what, [frame, known]]): Passage => ({
        what,
        send: sentBy(host, frame),
        setsOut: { place: 'switch', family: 'bridge', hook: 'prerouting', frames: `iifname "n-${STRANGER}" ${known}` },
        arrives: { place: 'switch', family: 'bridge', hook: 'postrouting', frames: known },
      }),
    );
    return await whatPasses(network, passages);
  },
);

const silentElsewhere = trial(
  'on its link the host is nobody else, and leads nowhere',
  ['sysctls'],
  /sysctl.*fb-host/,
  async (host) => {
    const { truck, link, macs, gateway } = host;
    const { network } = truck;
    const { bridge } = link;
    const through: Passage = {
      what: 'through the host to the uplink’s network',
      send: sentBy(
        host,
        datagram({ macs: [link.routerMac, macs.link], addresses: [ELSEWHERE, gateway], ports: [PORT, PORT] }),
      ),
      setsOut: { place: 'switch', hook: 'prerouting', frames: `iifname "${bridge}" ${MARKED}` },
      arrives: forwarded({ frames: `iifname "${bridge}" ${MARKED}` }),
    };
    const said = (operation: string, sender: string): Point => {
      return {
        place: 'switch',
        family: 'bridge',
        hook: 'output',
        frames: `oifname "n-${STRANGER}" arp operation ${operation} arp saddr ip ${sender}`,
      };
    };
    const question = encodeArp({
      ...{ operation: 'request', senderMac: OWN_MAC, senderAddress: '198.51.99.1' },
      ...{ targetMac: '00:00:00:00:00:00', targetAddress: OUTSIDE },
    });
    const answers: Passage = {
      what: 'asked for another address of the host’s: its answer',
      send: sentBy(
        host,
        encodeFrame({ source: OWN_MAC, destination: BROADCAST, tags: [], etherType: ETHER_ARP, payload: question }),
      ),
      setsOut: { place: 'switch', family: 'bridge', hook: 'prerouting', frames: `arp daddr ip ${OUTSIDE}` },
      arrives: said('reply', OUTSIDE),
    };
    const asks: Passage = {
      what: 'another address of the host’s, when it asks for the router',
      send: () => say(network, 'switch', PORT, ELSEWHERE, PORT),
      setsOut: { place: 'switch', hook: 'output', frames: MARKED },
      arrives: said('request', OUTSIDE),
    };
    await network.ip(
      'switch',
      `neigh flush dev ${bridge}`,
      `route add ${ELSEWHERE}/32 via ${link.router} dev ${bridge} src ${OUTSIDE}`,
    );
    try {
      const passed = await whatPasses(network, [through, answers, asks]);
      const isOff = (await network.sh('switch', `cat /proc/sys/net/ipv6/conf/${bridge}/disable_ipv6`)).trim() === '1';
      if (isOff) return passed;
      await network.sh('switch', `ip address replace fe80::9/64 dev ${bridge} nodad`);
      const words = await network.sh(STRANGER, 'ping -6 -n -c 1 -W 1 fe80::9%eth0 || :');
      return [...passed, ...(/ bytes from /.test(words) ? ['by IPv6: it arrived'] : [])];
    } finally {
      await network.ip('switch', `route delete ${ELSEWHERE}/32`);
    }
  },
);

export const HOST_LINK: readonly LayerTrial[] = [
  reachesInternet(['host', 'sysctls'], /fb-host.*(accept|rp_filter)|^host, prerouting.*"lo"/),
  reachesInternet(['router'], /^router.*(4999|198\.19)/),
  reachesInternet(LAYERS, /^host, prerouting.*"lo"/),
  answersOnly,
  noIpv6,
  leadsNowhere,
  internetOnly,
  nobodyElse,
  silentElsewhere,
];
