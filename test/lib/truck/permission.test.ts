import fc from 'fast-check';
import type { Flow, Policy } from '../../../lib/policy/index.ts';
import type { Probe } from '../../../lib/truck/expectation.ts';
import { type Party, permission } from '../../../lib/truck/permission.ts';
import { policyAt } from '../../../lib/truck/term.ts';
import { policyDocument } from '../policy/arbitrary.ts';
import { example, policyOf } from './support.ts';

const base = example('article.yaml');
/** Served are cab and pump. */
const station = example('station.yaml');
const node = (name: string, segment: string): Party => ({ kind: 'node', name, segment });
const container1 = node('container1', 'br0net');
const device1 = node('device1', 'br0net');
const container2 = node('container2', 'br1net');
const internet: Party = { kind: 'internet' };
const router = (segment: string): Party => ({ kind: 'router', segment });
const icmp: Probe = { protocol: 'icmp' };
const tcp = (port: number): Probe => ({ protocol: 'tcp', port });
const udp = (port: number): Probe => ({ protocol: 'udp', port });
const flow = (more: Partial<Flow>): Flow => ({
  name: 'f',
  from: 'container1',
  to: 'container2',
  protocol: 'tcp',
  ports: [],
  ...more,
});
const range = (from: number, to = from) => ({ from, to });
const may = (policy: Policy, from: Party, to: Party, probe: Probe) =>
  permission(policyAt(policy, 0), from, to, probe).allowed;

describe('without flows', () => {
  test.each<[string, Party, Party, Probe, boolean]>([
    ['a node speaks to its own segment', container1, device1, icmp, true],
    ['a node speaks to its own segment on any port', container1, device1, tcp(65535), true],
    ['a node does not speak to another segment', container1, container2, icmp, false],
    ['a node does not speak to another segment on any port', container1, container2, udp(53), false],
    ['a node pings the router in its segment', container1, router('br0net'), icmp, true],
    ['a node gets nothing else from the router', container1, router('br0net'), tcp(22), false],
    ['a node does not ping the router elsewhere', container1, router('br1net'), icmp, false],
    ['a node does not ping a router address that is nobody’s', container1, { kind: 'router' }, icmp, false],
    ['a node reaches the internet', container1, internet, tcp(443), true],
    ['the router reaches a node', { kind: 'router' }, container2, icmp, true],
    ['the internet does not reach a node', internet, container1, tcp(443), false],
    ['the internet does not reach the router', internet, router('br0net'), icmp, false],
  ])('%s', (_what, from, to, probe, allowed) => {
    expect(may(base, from, to, probe)).toBe(allowed);
  });

  test.each<[string, string, Probe, boolean]>([
    ['names of the router where it serves', 'cab', udp(53), true],
    ['long answers, too', 'cab', tcp(53), true],
    ['nothing else there', 'cab', udp(123), false],
    ['no DHCP with a probe, which comes from no client’s port', 'cab', udp(67), false],
    ['no names of the router elsewhere', 'pump', udp(53), false],
    ['no DHCP elsewhere', 'pump', udp(67), false],
  ])('a node gets %s', (_what, segment, probe, allowed) => {
    expect(may(station, node('dashboard', 'cab'), router(segment), probe)).toBe(allowed);
  });

  test('a node gets no names of a router that doesn’t serve its segment', () => {
    expect(may(station, node('telemetry', 'radio'), router('radio'), udp(53))).toBe(false);
  });

  test('a segment without internet has none', () => {
    const segments = base.segments.map((segment) => ({ ...segment, internet: segment.name === 'br1net' }));
    expect(permission(policyAt({ ...base, segments }, 0), container1, internet, icmp)).toEqual({
      allowed: false,
      because: 'segment br0net has no internet and no flow allows it',
    });
    expect(may({ ...base, segments }, container2, internet, icmp)).toBe(true);
  });
});

describe('a flow', () => {
  const ranges = [range(443), range(8000, 8010)];
  test.each<[string, Partial<Flow>, Party, Party, Probe, boolean]>([
    ['opens its port', { ports: ranges }, container1, container2, tcp(443), true],
    ['opens the first port of a range', { ports: ranges }, container1, container2, tcp(8000), true],
    ['opens the last port of a range', { ports: ranges }, container1, container2, tcp(8010), true],
    ['leaves the port before closed', { ports: ranges }, container1, container2, tcp(7999), false],
    ['leaves the port after closed', { ports: ranges }, container1, container2, tcp(8011), false],
    ['opens no other protocol', { ports: ranges }, container1, container2, udp(443), false],
    ['opens no ping', { ports: ranges }, container1, container2, icmp, false],
    ['opens nothing in reverse', { ports: ranges }, container2, container1, tcp(443), false],
    ['opens nothing for a neighbour', { ports: ranges }, device1, container2, tcp(443), false],
    ['opens nothing to a neighbour', { ports: ranges }, container1, node('device2', 'br1net'), tcp(443), false],
    ['without ports opens all', {}, container1, container2, tcp(1), true],
    ['of icmp opens ping', { protocol: 'icmp' }, container1, container2, icmp, true],
    ['of icmp opens no port', { protocol: 'icmp' }, container1, container2, tcp(443), false],
    ['from a segment is for all of it', { from: 'br0net' }, device1, container2, tcp(443), true],
    ['to a segment is to all of it', { to: 'br1net' }, container1, node('device2', 'br1net'), tcp(443), true],
    ['never lets the internet in', { from: 'container2', to: 'internet' }, internet, container2, tcp(443), false],
    ['never reaches the router', { to: 'br1net' }, container1, router('br1net'), tcp(443), false],
  ])('%s', (_what, more, from, to, probe, allowed) => {
    expect(may({ ...base, flows: [flow(more)] }, from, to, probe)).toBe(allowed);
  });

  test('to the internet opens it for a segment that has none', () => {
    const segments = base.segments.map((segment) => ({ ...segment, internet: false }));
    const policy = { ...base, segments, flows: [flow({ to: 'internet', ports: [range(443)] })] };
    expect(permission(policyAt(policy, 0), container1, internet, tcp(443))).toEqual({
      allowed: true,
      because: 'flow f',
    });
    expect(may(policy, container1, internet, tcp(444))).toBe(false);
    expect(may(policy, device1, internet, tcp(443))).toBe(false);
  });

  test('that allows something is named as the reason', () => {
    const flows = [flow({ name: 'a', ports: [range(80)] }), flow({ name: 'b', ports: [range(443)] })];
    expect(permission(policyAt({ ...base, flows }, 0), container1, container2, tcp(443)).because).toBe('flow b');
  });
});

describe('any policy', () => {
  const anyPolicy = policyDocument().map((document) => policyOf(JSON.stringify(document)));
  const anyProbe = fc.oneof(
    fc.constant(icmp),
    fc.integer({ min: 1, max: 65535 }).map(tcp),
    fc.integer({ min: 1, max: 65535 }).map(udp),
  );
  const parties = (policy: Policy): readonly Party[] => [
    ...policy.nodes.map(({ name, segment }) => node(name, segment)),
    ...policy.segments.map(({ name }) => router(name)),
    internet,
  ];

  test('lets nothing in from the internet', () => {
    fc.assert(
      fc.property(anyPolicy, anyProbe, (policy, probe) => {
        for (const to of parties(policy)) expect(may(policy, internet, to, probe)).toBe(false);
      }),
    );
  });

  test('loses no permission by one more flow', () => {
    fc.assert(
      fc.property(anyPolicy, anyProbe, (policy, probe) => {
        const without = { ...policy, flows: policy.flows.slice(1) };
        for (const from of parties(policy)) {
          for (const to of parties(policy)) {
            if (may(without, from, to, probe)) expect(may(policy, from, to, probe)).toBe(true);
          }
        }
      }),
    );
  });
});
