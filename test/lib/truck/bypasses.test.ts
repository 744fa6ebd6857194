import fc from 'fast-check';
import { contains, toNumber, toSubnet } from '../../../lib/policy/ipv4.ts';
import {
  BYPASSES,
  type BypassAttempt,
  HOST,
  OUTSIDE,
  ROUTER_ITSELF,
  SENDER,
  type Surroundings,
} from '../../../lib/truck/bypass.ts';
import { bypasses } from '../../../lib/truck/bypasses.ts';
import { permission } from '../../../lib/truck/permission.ts';
import { NOT_INTERNET } from '../../../lib/truck/ruleset/not-internet.ts';
import { policyAt } from '../../../lib/truck/term.ts';
import { example } from './support.ts';

const article = example('article.yaml');
const station = example('station.yaml');
const SURROUNDINGS: Surroundings = {
  hostAddresses: ['172.17.0.1'],
  uplinks: [{ name: 'wlan', router: '192.168.50.2', gateway: '192.168.50.1', outside: '192.168.50.1' }],
  standIns: {},
};
const isWithin = (range: string, address: string) => contains(toSubnet(range), toNumber(address));
const ids = (attempts: readonly BypassAttempt[]) => attempts.map(({ id }) => id);

describe.each([
  ['article', article],
  ['station', station],
])('the attempts of the %s', (_name, policy) => {
  const attempts = bypasses(policy, SURROUNDINGS);

  test('are of every kind, from every node and from the internet, each with its reason', () => {
    expect(new Set(attempts.map(({ kind }) => kind))).toEqual(new Set(Object.keys(BYPASSES)));
    expect(new Set(attempts.map(({ from }) => from))).toEqual(
      new Set([...policy.nodes.map(({ name }) => name), 'internet']),
    );
    for (const { kind, because } of attempts) expect(because).toBe(BYPASSES[kind]);
  });

  test('have names of their own', () => {
    expect(new Set(ids(attempts)).size).toBe(attempts.length);
  });

  test('aim at a segment that is not the sender’s, or at what is none', () => {
    const segmentOf = (node: string) => policy.nodes.find(({ name }) => name === node)?.segment;
    const aims = new Set([HOST, ROUTER_ITSELF, OUTSIDE, SENDER, ...policy.segments.map(({ name }) => name)]);
    for (const { kind, aim, from } of attempts) {
      expect(aims).toContain(aim);
      if (kind !== 'the router’s address taken') expect(aim).not.toBe(segmentOf(from));
    }
  });

  test('disturb only where they claim the router’s address', () => {
    for (const { kind, disturbs } of attempts) expect(disturbs === true).toBe(kind === 'the router’s address taken');
  });

  test('are none that the policy allows', () => {
    const honest = attempts.filter(
      ({ from, frame: { to, packet } }) =>
        to === 'router' &&
        packet.type === 'ipv4' &&
        packet.source === policy.nodes.find(({ name }) => name === from)?.address,
    );
    expect(honest.length).toBeGreaterThan(0);
    for (const { from, frame } of honest) {
      if (frame.packet.type !== 'ipv4') continue;
      const { destination, protocol, port } = frame.packet;
      const [sender, target] = [
        policy.nodes.find(({ name }) => name === from),
        policy.nodes.find(({ address }) => address === destination),
      ];
      if (sender === undefined || target === undefined) continue;
      const party = (node: typeof sender) => ({ kind: 'node', name: node.name, segment: node.segment }) as const;
      const probe = protocol === 'icmp' ? { protocol } : { protocol, port };
      expect(permission(policyAt(policy, 0), party(sender), party(target), probe).allowed).toBe(false);
    }
  });

  test('are the same each time', () => {
    expect(bypasses(policy, SURROUNDINGS)).toEqual(attempts);
  });
});

test('in a segment a container and a device are tried, not each of their likes', () => {
  const from = (node: string) =>
    ids(bypasses(station, SURROUNDINGS)).filter((id) => id.startsWith(`another segment through the host: ${node}>`));
  // telemetry is in radio: cab has two containers, of which one is tried, and a device; pump one of each. Three protocols.
  expect(from('telemetry')).toHaveLength(2 * 2 * 3);
});

test('frames are tagged with the other segment’s VLAN, with 1 and with 0, and twice', () => {
  const tagged = bypasses(station, SURROUNDINGS).filter(
    ({ from, aim, frame }) => from === 'telemetry' && aim === 'cab' && frame.tags.length > 0,
  );
  expect(new Set(tagged.map(({ kind, frame }) => `${kind} ${frame.tags}`))).toEqual(
    new Set([
      ...['10', '1', '0'].map((tags) => `tagged frames ${tags}`),
      ...['30,10', '1,10', '0,10'].map((tags) => `double-tagged frames ${tags}`),
    ]),
  );
});

test('a canary sends as what it is', () => {
  const standIns = { device1: '10.0.1.254' };
  const attempts = bypasses(article, { ...SURROUNDINGS, standIns });
  const own = attempts.filter(({ from, kind }) => from === 'device1' && kind === 'the internet past the router');
  for (const { frame } of own) expect(frame.packet).toMatchObject({ source: '10.0.1.254' });
  expect(own).toHaveLength(3);
});

test('both ends of the host link are tried through the router: from each node, from the internet, and as a forged source', () => {
  const { hostLink } = article;
  if (hostLink === undefined) throw new Error('the article has a host link');
  const attempts = bypasses(article, SURROUNDINGS);
  for (const from of [...article.nodes.map(({ name }) => name), 'internet']) {
    const own = attempts.filter((attempt) => attempt.from === from && attempt.frame.to === 'router');
    const packets = own.flatMap(({ aim, frame: { packet } }) => (packet.type === 'ipv4' ? [{ aim, ...packet }] : []));
    for (const protocol of ['icmp', 'tcp', 'udp']) {
      expect(packets).toContainEqual(expect.objectContaining({ aim: HOST, destination: hostLink.host, protocol }));
      const toRouter = { aim: ROUTER_ITSELF, destination: hostLink.router, protocol };
      expect(packets).toContainEqual(expect.objectContaining(toRouter));
    }
    for (const source of [hostLink.host, hostLink.router]) {
      expect(packets).toContainEqual(expect.objectContaining({ aim: expect.stringMatching(/^br/), source }));
    }
  }
  const { hostLink: _none, ...without } = article;
  expect(JSON.stringify(bypasses(without, SURROUNDINGS))).not.toContain('198.19.0.');
});

test('without an uplink nobody tries the internet, and without a vantage nothing comes in', () => {
  const alone = bypasses({ ...article, uplinks: [] }, { ...SURROUNDINGS, uplinks: [] });
  expect(alone.filter(({ aim }) => aim === OUTSIDE)).toEqual([]);
  const { outside: _none, ...uplink } = { outside: '', name: 'wlan', router: '192.168.50.2', gateway: '192.168.50.1' };
  const deaf = bypasses(article, { ...SURROUNDINGS, uplinks: [uplink] });
  expect(deaf.filter(({ from }) => from === 'internet')).toEqual([]);
  expect(deaf.some(({ aim }) => aim === OUTSIDE)).toBe(true);
});

test('an uplink whose network is public is the internet itself', () => {
  const uplink = { name: 'wlan', router: '203.0.113.2', gateway: '203.0.113.1' };
  const attempts = bypasses(article, { ...SURROUNDINGS, uplinks: [uplink] });
  const privately = attempts.filter(({ kind }) => kind === 'the uplink’s own network').map(({ frame }) => frame);
  expect(privately.filter(({ packet: { type }, to }) => type !== 'ipv4' || to !== 'router')).toEqual([]);
  expect(privately.filter(({ packet }) => packet.type === 'ipv4' && packet.destination.startsWith('203.0'))).toEqual(
    [],
  );
});

test('at the port of a broadcast each node but its source is tried, as what it is and as the source', () => {
  const { broadcasts } = station;
  expect(broadcasts.length).toBeGreaterThan(0);
  const attempts = bypasses(station, SURROUNDINGS);
  for (const { from: source, port } of broadcasts) {
    const addressOf = (name: string) => station.nodes.find((node) => node.name === name)?.address;
    const sources = (from: string) =>
      attempts.flatMap(({ from: sender, frame: { packet } }) =>
        sender === from && packet.type === 'ipv4' && packet.port === port ? [packet.source] : [],
      );
    expect(sources(source)).toEqual([]);
    for (const { name } of station.nodes.filter((node) => node.name !== source))
      expect(new Set(sources(name))).toEqual(new Set([addressOf(name), addressOf(source)]));
  }
});

test('of each range that is no internet one address is tried by each node, unless it is a segment’s', () => {
  const tried = (policy: typeof article) =>
    new Set(
      bypasses(policy, SURROUNDINGS).flatMap(({ kind, from, frame: { packet, to } }) =>
        kind === 'the uplink’s own network' && packet.type === 'ipv4' && to === 'router' && from === 'device1'
          ? [packet.destination]
          : [],
      ),
    );
  expect(NOT_INTERNET.filter((range) => ![...tried(article)].some((address) => isWithin(range, address)))).toEqual([]);
  const [first, ...others] = article.segments;
  if (first === undefined) throw new Error('the article has segments');
  const wide = { ...article, segments: [{ ...first, subnet: '10.128.0.0/9' }, ...others] };
  expect([...tried(wide)].filter((address) => isWithin('10.128.0.0/9', address))).toEqual([]);
});

test('whatever addresses the host has, each is tried from each node', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.ipV4(), { maxLength: 5 }), (hostAddresses) => {
      const tried = bypasses(article, { ...SURROUNDINGS, hostAddresses });
      for (const { name } of article.nodes) {
        for (const address of hostAddresses) {
          expect(
            tried.some(
              ({ from, kind, frame: { packet } }) =>
                from === name &&
                kind === 'the host’s own addresses and services' &&
                packet.type === 'ipv4' &&
                packet.destination === address,
            ),
          ).toBe(true);
        }
      }
    }),
    { numRuns: 20 },
  );
});
