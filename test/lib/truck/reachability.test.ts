import fc from 'fast-check';
import type { Policy } from '../../../lib/policy/index.ts';
import { checkDocument } from '../../../lib/policy/index.ts';
import type { Probe } from '../../../lib/truck/expectation.ts';
import { type Party, permission } from '../../../lib/truck/permission.ts';
import { reachabilityDifference } from '../../../lib/truck/reachability.ts';
import { policyAt } from '../../../lib/truck/term.ts';
import { policyDocument } from '../policy/arbitrary.ts';
import { example, policyOf } from './support.ts';

const policy = (flows: string, internet = false): Policy =>
  policyOf(`
version: 1
trunk: { interface: enp2s0 }
uplinks: { wlan: { interface: wlp3s0f0, subnet: 192.168.50.0/24, address: 192.168.50.2, gateway: 192.168.50.1 } }
segments:
  cab: { vlan: 10, subnet: 10.20.10.0/24, router: 10.20.10.1, pool: { from: 10.20.10.100, to: 10.20.10.199 }, internet: ${internet} }
  pump: { vlan: 20, subnet: 10.20.20.0/24, router: 10.20.20.1 }
containers: { dashboard: { segment: cab, image: "alpine:3" } }
devices: { panel: { segment: pump, mac: "02:00:00:00:20:05", address: 10.20.20.5 } }
flows: { ${flows} }
`);
const flow = (ports: string) => `reads: { from: dashboard, to: panel, protocol: tcp, ports: [${ports}] }`;
const short = (before: Policy | null, after: Policy) => {
  const { opened, closed } = reachabilityDifference(before, after, 0);
  const line = ({ from, to, probe }: { from: string; to: string; probe: string }) => `${from} > ${to} ${probe}`;
  return { opened: opened.map(line), closed: closed.map(line) };
};

test.each([
  ['a flow that is added opens its port', policy(''), policy(flow('443')), ['dashboard > panel tcp/443'], []],
  ['a flow that is taken away closes it', policy(flow('443')), policy(''), [], ['dashboard > panel tcp/443']],
  [
    'another port opens that one and closes the former',
    ...[policy(flow('443')), policy(flow('80')), ['dashboard > panel tcp/80'], ['dashboard > panel tcp/443']],
  ],
  [
    'a range that grows opens what it grows by',
    ...[policy(flow('"1000-2000"')), policy(flow('"1000-3000"')), ['dashboard > panel tcp/2001'], []],
  ],
  [
    'a hole in a range closes it',
    ...[policy(flow('"1000-2000"')), policy(flow('"1000-1500", "1502-2000"')), [], ['dashboard > panel tcp/1501']],
  ],
  ['internet is a conversation, too', policy(''), policy('', true), ['dashboard > internet icmp'], []],
  ['nothing changes nothing', policy(flow('443')), policy(flow('443')), [], []],
] as [string, Policy, Policy, string[], string[]][])('%s', (_what, before, after, opened, closed) => {
  expect(short(before, after)).toEqual({ opened, closed });
});

test('a first policy opens all that it allows, and says by which rule', () => {
  const { opened, closed } = reachabilityDifference(null, policy(flow('443')), 0);
  expect(closed).toEqual([]);
  expect(opened).toEqual([{ from: 'dashboard', to: 'panel', probe: 'tcp/443', because: 'flow reads' }]);
});

test('a broadcast that is added opens a segment to its source, and closes it when it is taken away', () => {
  const saying = (to: string, port = 10110) =>
    policyOf(
      JSON.stringify({
        version: 1,
        trunk: { interface: 'enp2s0' },
        segments: {
          cab: { vlan: 10, subnet: '10.20.10.0/24', router: '10.20.10.1' },
          pump: { vlan: 20, subnet: '10.20.20.0/24', router: '10.20.20.1' },
          radio: { vlan: 30, subnet: '10.20.30.0/24', router: '10.20.30.1' },
        },
        devices: { modem: { segment: 'radio', mac: '02:00:00:00:20:05', address: '10.20.30.5' } },
        broadcasts: to === '' ? {} : { gps: { from: 'modem', to: to.split(' '), port } },
      }),
    );
  expect(reachabilityDifference(saying(''), saying('pump'), 0)).toEqual({
    opened: [{ from: 'modem', to: 'pump', probe: 'broadcast udp/10110', because: 'broadcast gps' }],
    closed: [],
  });
  expect(short(saying('pump'), saying('pump cab'))).toEqual({
    opened: ['modem > cab broadcast udp/10110'],
    closed: [],
  });
  expect(short(saying('cab'), saying('cab', 10111))).toEqual({
    opened: ['modem > cab broadcast udp/10111'],
    closed: ['modem > cab broadcast udp/10110'],
  });
  expect(short(saying('cab'), saying('cab'))).toEqual({ opened: [], closed: [] });
});

test('a node that goes takes its conversations along', () => {
  const before = example('article.yaml');
  const after: Policy = { ...before, nodes: before.nodes.filter(({ name }) => name !== 'device1') };
  const { opened, closed } = short(before, after);
  expect(opened).toEqual([]);
  expect(closed.length).toBeGreaterThan(0);
  for (const line of closed) expect(line).toContain('device1');
});

describe('of any two policies', () => {
  const anyPolicy = policyDocument().map((document) => checkDocument(document).policy as Policy);
  // A relative: the same nodes, with other flows and other segments' internet.
  const relatives = fc.tuple(anyPolicy, anyPolicy, fc.boolean()).map(([a, b, swap]): [Policy, Policy] => {
    const names = new Set([...a.nodes, ...a.segments].map(({ name }) => name));
    const flows = b.flows.map((one, index) => {
      const known = [...names];
      return { ...one, from: known[index % known.length] ?? '', to: known[(index + 1) % known.length] ?? '' };
    });
    const segments = a.segments.map((segment) => ({ ...segment, internet: segment.internet !== swap }));
    return [a, { ...a, flows, segments }];
  });

  test('what one opens the other way round closes', () => {
    fc.assert(
      fc.property(relatives, ([a, b]) => {
        const [there, back] = [short(a, b), short(b, a)];
        expect([there.opened.sort(), there.closed.sort()]).toEqual([back.closed.sort(), back.opened.sort()]);
      }),
    );
  });

  test('no conversation changes between two nodes of which the difference says nothing', () => {
    const probe = fc.oneof(
      fc.constant<Probe>({ protocol: 'icmp' }),
      fc.record({
        protocol: fc.constantFrom('tcp' as const, 'udp' as const),
        port: fc.integer({ min: 1, max: 65535 }),
      }),
    );
    fc.assert(
      fc.property(relatives, fc.nat(), fc.nat(), probe, ([a, b], x, y, asked) => {
        const from = a.nodes[x % a.nodes.length];
        const to = a.nodes[y % a.nodes.length];
        if (from === undefined || to === undefined || from === to) return;
        const party = ({ name, segment }: typeof from): Party => ({ kind: 'node', name, segment });
        const may = (one: Policy) => permission(policyAt(one, 0), party(from), party(to), asked).allowed;
        if (may(a) === may(b)) return;
        const { opened, closed } = reachabilityDifference(a, b, 0);
        const said = may(b) ? opened : closed;
        expect(said.map((change) => `${change.from} ${change.to}`)).toContain(`${from.name} ${to.name}`);
      }),
      { numRuns: 300 },
    );
  });
});
