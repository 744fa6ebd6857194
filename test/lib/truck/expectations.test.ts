import fc from 'fast-check';
import type { Policy } from '../../../lib/policy/index.ts';
import type { Expectation } from '../../../lib/truck/expectation.ts';
import { expectations } from '../../../lib/truck/expectations.ts';
import { type Party, permission } from '../../../lib/truck/permission.ts';
import { policyAt } from '../../../lib/truck/term.ts';
import { policyDocument } from '../policy/arbitrary.ts';
import { example, policyOf } from './support.ts';

const anyPolicy = policyDocument().map((document) => policyOf(JSON.stringify(document)));
const base = example('article.yaml');

/** The ping table at the end of the article, row by row. */
const ARTICLE = `
  Container1 Device1              OK            VLAN 1
  Device1    Container1           OK            VLAN 1
  Container1 Router (10.0.1.3)    OK            VLAN 1
  Device1    Router (10.0.1.3)    OK            VLAN 1
  Container1 Internet (8.8.8.8)   OK            VLAN 1 to Internet via Router
  Device1    Internet (8.8.8.8)   OK            VLAN 1 to Internet via Router
  Router     Container1           OK            VLAN 1
  Router     Device1              OK            VLAN 1
  Container1 Container2           No connection VLAN 1 to VLAN 2
  Container1 Device2              No connection VLAN 1 to VLAN 2
  Container1 Router (10.0.2.3)    No connection VLAN 1 to VLAN 2
  Device1    Container2           No connection VLAN 1 to VLAN 2
  Device1    Device2              No connection VLAN 1 to VLAN 2
  Device1    Router (10.0.2.3)    No connection VLAN 1 to VLAN 2
  Container2 Device2              OK            VLAN 2
  Device2    Container2           OK            VLAN 2
  Container2 Router (10.0.2.3)    OK            VLAN 2
  Device2    Router (10.0.2.3)    OK            VLAN 2
  Container2 Internet (8.8.8.8)   OK            VLAN 2 to Internet via Router
  Device2    Internet (8.8.8.8)   OK            VLAN 2 to Internet via Router
  Router     Container2           OK            VLAN 2
  Router     Device2              OK            VLAN 2
  Container2 Container1           No connection VLAN 2 to VLAN 1
  Container2 Device1              No connection VLAN 2 to VLAN 1
  Container2 Router (10.0.1.3)    No connection VLAN 2 to VLAN 1
  Device2    Container1           No connection VLAN 2 to VLAN 1
  Device2    Device1              No connection VLAN 2 to VLAN 1
  Device2    Router (10.0.1.3)    No connection VLAN 2 to VLAN 1`;

describe('the article’s policy', () => {
  const computed = expectations(base, 0);
  const promised = ARTICLE.trim()
    .split('\n')
    .map((line) => /^\s*(\w+)\s+(\w+)(?: \(([\d.]+)\))?\s+(OK|No connection) /.exec(line) ?? [])
    .map(([, from = '', to = '', address, status]) => [
      from.toLowerCase(),
      to.toLowerCase(),
      address ?? base.nodes.find(({ name }) => name === to.toLowerCase())?.address,
      status === 'OK' ? 'reachable' : 'isolated',
    ]);

  test('promises exactly the 28 rows of the article’s table', () => {
    const rows = computed.map(({ from, to, address, verdict }) => [from, to, address, verdict]);
    expect(promised).toHaveLength(28);
    expect([...rows].sort()).toEqual([...promised].sort());
  });

  test('promises them for ping', () => {
    expect(new Set(computed.map(({ probe }) => probe.protocol))).toEqual(new Set(['icmp']));
  });

  test('isolates 12 and connects 16', () => {
    const count = (wanted: Expectation['verdict']) => computed.filter(({ verdict }) => verdict === wanted).length;
    expect([count('isolated'), count('reachable')]).toEqual([12, 16]);
  });

  test.each([
    ['container1>device1 icmp', 'both are in segment br0net'],
    ['device1>router@br0net icmp', 'the router answers on its own address in br0net'],
    ['device1>router@br1net icmp', 'br0net and br1net are different segments'],
    ['container2>internet icmp', 'segment br1net has internet'],
    ['router>device2 icmp', 'the router may reach every node'],
    ['container2>device1 icmp', 'br1net and br0net are different segments and no flow allows it'],
  ])('explains %s: %s', (id, because) => {
    expect(computed.find((expectation) => expectation.id === id)?.because).toBe(because);
  });
});

describe('where the router serves', () => {
  const rows = expectations(example('station.yaml'), 0)
    .filter(({ to, probe }) => to === 'router' && probe.protocol !== 'icmp')
    .map(({ id, verdict }) => `${id} ${verdict}`);

  test('a node reaches its names, and no other segment’s names or DHCP', () => {
    expect(rows.filter((row) => row.startsWith('dashboard>'))).toEqual([
      'dashboard>router@cab udp/53 reachable',
      'dashboard>router@cab tcp/53 reachable',
      'dashboard>router@pump udp/53 isolated',
      'dashboard>router@pump tcp/53 isolated',
      'dashboard>router@pump udp/67 isolated',
    ]);
  });

  test('a node whose segment isn’t served reaches nobody’s', () => {
    const own = rows.filter((row) => row.startsWith('telemetry>'));
    expect(own).toHaveLength(6);
    expect(own.filter((row) => !row.endsWith(' isolated'))).toEqual([]);
  });
});

describe('a flow', () => {
  const flowRows = (policy: Policy) =>
    expectations(policy, 0)
      .filter(({ probe }) => probe.protocol !== 'icmp')
      .map(({ id, verdict }) => `${id} ${verdict}`);
  const between = (from: string, to: string, ports: Policy['flows'][number]['ports'], name = 'web') =>
    ({ name, from, to, protocol: 'tcp', ports }) as const;
  const port = (number: number) => ({ from: number, to: number });

  test('from node to node is probed at its first port, at the port after its last and in reverse', () => {
    expect(flowRows({ ...base, flows: [between('container1', 'container2', [{ from: 8000, to: 8010 }])] })).toEqual([
      'container1>container2 tcp/8000 reachable',
      'container2>container1 tcp/8000 isolated',
      'container1>container2 tcp/8011 isolated',
      'container2>container1 tcp/8011 isolated',
    ]);
  });

  test('from a segment is probed from each of its nodes', () => {
    expect(flowRows({ ...base, flows: [between('br0net', 'device2', [port(443)])] })).toEqual([
      'container1>device2 tcp/443 reachable',
      'device2>container1 tcp/443 isolated',
      'container1>device2 tcp/444 isolated',
      'device2>container1 tcp/444 isolated',
      'device1>device2 tcp/443 reachable',
      'device2>device1 tcp/443 isolated',
      'device1>device2 tcp/444 isolated',
      'device2>device1 tcp/444 isolated',
    ]);
  });

  test('to the internet of a segment that has it is open beside its ports, too; nothing comes in', () => {
    expect(flowRows({ ...base, flows: [between('container1', 'internet', [port(443)])] })).toEqual([
      'container1>internet tcp/443 reachable',
      'container1>internet tcp/444 reachable',
    ]);
  });

  test('to the internet of a segment that has none opens its ports only', () => {
    const sealed = base.segments.map((segment) => ({ ...segment, internet: false }));
    const policy = { ...base, segments: sealed, flows: [between('container1', 'internet', [port(443)])] };
    expect(flowRows(policy)).toEqual(['container1>internet tcp/443 reachable', 'container1>internet tcp/444 isolated']);
  });

  test('over all ports is probed at port 1, and there is no port after the last', () => {
    expect(flowRows({ ...base, flows: [between('container1', 'container2', [])] })).toEqual([
      'container1>container2 tcp/1 reachable',
      'container2>container1 tcp/1 isolated',
    ]);
  });

  test('whose neighbouring port another flow opens expects it open', () => {
    const flows = [
      between('container1', 'container2', [port(443)]),
      between('br0net', 'br1net', [port(444)], 'neighbour'),
    ];
    const rows = flowRows({ ...base, flows });
    expect(rows).toContain('container1>container2 tcp/444 reachable');
    expect(rows).toContain('container1>container2 tcp/445 isolated');
  });

  test('of icmp changes the ping of that direction only', () => {
    const icmp = { name: 'ping', from: 'container1', to: 'container2', protocol: 'icmp', ports: [] } as const;
    const differing = expectations({ ...base, flows: [icmp] }, 0).filter(
      (expectation, index) => expectation.verdict !== expectations(base, 0)[index]?.verdict,
    );
    expect(differing.map(({ id, because }) => [id, because])).toEqual([['container1>container2 icmp', 'flow ping']]);
  });
});

test('without an uplink nothing is promised about the internet', () => {
  const segments = base.segments.map((segment) => ({ ...segment, internet: false }));
  const promises = expectations({ ...base, segments, uplinks: [] }, 0);
  expect(promises).toHaveLength(24);
  expect(promises.filter(({ to }) => to === 'internet')).toEqual([]);
});

describe('any policy', () => {
  test('promises something about every ordered pair of nodes, every router address and the internet, once', () => {
    fc.assert(
      fc.property(anyPolicy, (policy) => {
        const names = policy.nodes.map(({ name }) => name);
        const pairs = names.flatMap((from) => [
          ...names.filter((to) => to !== from).map((to) => `${from}>${to} ${addressOf(policy, to)}`),
          ...policy.segments.map(({ router }) => `${from}>router ${router}`),
          `${from}>internet ${policy.internet.probe}`,
        ]);
        const fromRouter = names.map((to) => `router>${to} ${addressOf(policy, to)}`);
        const pings = expectations(policy, 0).filter(({ probe }) => probe.protocol === 'icmp');
        expect(pings.map(({ from, to, address }) => `${from}>${to} ${address}`).sort()).toEqual(
          [...pairs, ...fromRouter].sort(),
        );
      }),
    );
  });

  test('gives each promise an id of its own, and the same ones again', () => {
    fc.assert(
      fc.property(anyPolicy, (policy) => {
        const ids = expectations(policy, 0).map(({ id }) => id);
        expect(new Set(ids).size).toBe(ids.length);
        expect(expectations(policy, 0)).toEqual(expectations(policy, 0));
      }),
    );
  });

  test('promises what permission() says, with its reason', () => {
    fc.assert(
      fc.property(anyPolicy, (policy) => {
        for (const { from, to, address, probe, verdict, because } of expectations(policy, 0)) {
          const said = permission(policyAt(policy, 0), partyOf(policy, from), partyOf(policy, to, address), probe);
          expect({ verdict, because }).toEqual({
            verdict: said.allowed ? 'reachable' : 'isolated',
            because: said.because,
          });
        }
      }),
    );
  });

  test('without flows connects nodes of one segment, and no others', () => {
    fc.assert(
      fc.property(anyPolicy, (policy) => {
        for (const { from, to, verdict } of expectations({ ...policy, flows: [] }, 0)) {
          const [source, target] = [from, to].map((name) => policy.nodes.find((node) => node.name === name)?.segment);
          if (source === undefined || target === undefined) continue;
          expect(verdict).toBe(source === target ? 'reachable' : 'isolated');
        }
      }),
    );
  });

  test('asks each flow at a port of each of its ranges, between every pair that it names, and promises those that are in force', () => {
    fc.assert(
      fc.property(anyPolicy, (policy) => {
        const promised = new Map(expectations(policy, 0).map(({ id, verdict }) => [id, verdict]));
        const inForce = new Set(policyAt(policy, 0).flows);
        for (const flow of policy.flows) {
          const ports = flow.ports.length === 0 ? [1] : flow.ports.map((range) => range.from);
          const probes = flow.protocol === 'icmp' ? ['icmp'] : ports.map((number) => `${flow.protocol}/${number}`);
          for (const from of membersOf(policy, flow.from)) {
            for (const to of membersOf(policy, flow.to)) {
              for (const probe of probes) {
                const verdict = promised.get(`${from}>${to} ${probe}`);
                if (inForce.has(flow)) expect(verdict).toBe('reachable');
                else expect(verdict).toBeDefined();
              }
            }
          }
        }
      }),
    );
  });

  test('lets every node reach something: a source that is dead or cut off never looks isolated', () => {
    fc.assert(
      fc.property(anyPolicy, (policy) => {
        const promised = expectations(policy, 0);
        for (const { name } of policy.nodes) {
          expect(promised.some(({ from, verdict }) => from === name && verdict === 'reachable')).toBe(true);
        }
      }),
    );
  });
});

function addressOf(policy: Policy, name: string): string | undefined {
  return policy.nodes.find((node) => node.name === name)?.address;
}

function membersOf(policy: Policy, party: string): readonly string[] {
  if (party === 'internet') return [party];
  return policy.nodes.filter(({ name, segment }) => name === party || segment === party).map(({ name }) => name);
}

function partyOf(policy: Policy, name: string, address?: string): Party {
  if (name === 'internet') return { kind: 'internet' };
  const node = policy.nodes.find((candidate) => candidate.name === name);
  if (node !== undefined) return { kind: 'node', name, segment: node.segment };
  const segment = policy.segments.find(({ router }) => router === address)?.name;
  return segment === undefined ? { kind: 'router' } : { kind: 'router', segment };
}
