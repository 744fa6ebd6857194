import fc from 'fast-check';
import { checkDocument } from '../../../lib/policy/index.ts';
import { contains, toNumber, toSubnet } from '../../../lib/policy/ipv4.ts';
import type { Policy } from '../../../lib/policy/policy.ts';
import { addressServices } from '../../../lib/truck/address-service.ts';
import { dnsmasqConfiguration } from '../../../lib/truck/dnsmasq.ts';
import { policyDocument } from '../policy/arbitrary.ts';
import { type Anything, validDocument } from '../policy/documents.ts';
import { compiled, example, policyOf } from './support.ts';

const changed = (change: (document: Anything) => void): Policy => {
  const document = validDocument();
  change(document);
  return policyOf(JSON.stringify(document));
};
const serviceIn = (policy: Policy, segment: string) =>
  addressServices(policy).find((service) => service.segment === segment);

describe('where the router serves', () => {
  test.each([
    ['where there is a pool', () => undefined, true, false],
    ['nowhere that says false', (d: Anything) => (d.segments.cab.dhcp = false), false, false],
    ['without a pool where it is said', (d: Anything) => (d.segments.pump.dhcp = true), true, true],
    ['where a lease time is said', (d: Anything) => (d.segments.pump.dhcp = { lease: '45m' }), true, true],
  ])('%s', (_words, change, cab, pump) => {
    const policy = changed(change);
    expect(['cab', 'pump'].map((name) => serviceIn(policy, name) !== undefined)).toEqual([cab, pump]);
  });

  test('where it serves nobody, its configuration has no server and its ruleset opens nothing', () => {
    const { configuration } = compiled(example('article.yaml')).router;
    expect(configuration.services).toEqual([]);
    expect(configuration.ruleset.text).not.toMatch(/dport (53|67)|sport 6[78]/);
    expect(compiled(example('article.yaml')).edgeRuleset.text).not.toMatch(/sport 67/);
  });
});

test('strangers are leased the pool without anybody’s address', () => {
  const policy = changed((d) => {
    d.devices.tablet.address = '10.20.10.104';
    d.containers.dashboard.address = '10.20.10.100';
  });
  expect(serviceIn(policy, 'cab')?.free).toEqual([
    { from: '10.20.10.101', to: '10.20.10.103' },
    // The highest is the canary's.
    { from: '10.20.10.105', to: '10.20.10.108' },
  ]);
});

test('a segment’s server knows the names of its nodes and of its flows’ targets', () => {
  const names = (segment: string) =>
    serviceIn(
      changed((d) => (d.segments.pump.dhcp = true)),
      segment,
    )?.names.map(({ name, domain }) => `${name}.${domain}`);
  expect(names('cab')).toEqual(['control.pump.internal', 'dashboard.cab.internal', 'tablet.cab.internal']);
  expect(names('pump')).toEqual(['control.pump.internal', 'panel.pump.internal']);
});

describe('other names are asked for', () => {
  const servers = (change: (d: Anything) => void) =>
    serviceIn(
      changed((d) => {
        d.segments.pump.dhcp = true;
        d.dns = { servers: ['9.9.9.9', '9.9.9.9', '192.168.50.1'] };
        change(d);
      }),
      'pump',
    )?.servers;

  test('where all nodes may speak to the internet', () => {
    expect(servers((d) => (d.segments.pump.internet = true))).toEqual(['9.9.9.9', '192.168.50.1']);
  });
  test('where all nodes may ask a DNS server there', () => {
    expect(
      servers((d) => (d.flows.names = { from: 'pump', to: 'internet', protocol: 'udp', ports: [53] })),
    ).toHaveLength(2);
  });
  test.each([
    ['nobody may', () => undefined],
    ['one node may', (d: Anything) => (d.flows.names = { from: 'panel', to: 'internet', protocol: 'udp' })],
    [
      'all may other things',
      (d: Anything) => (d.flows.names = { from: 'pump', to: 'internet', protocol: 'tcp', ports: [443] }),
    ],
  ])('not where %s', (_words, change) => {
    expect(servers(change)).toEqual([]);
  });
});

test('a service is told to dnsmasq in its words', () => {
  const policy = changed((d) => {
    d.segments.cab.dhcp = { lease: '45m', ntp: ['10.20.10.5'] };
    d.dns = { servers: ['9.9.9.9'] };
  });
  const service = serviceIn(policy, 'cab');
  if (service === undefined) throw new Error('cab is served');
  const lines = dnsmasqConfiguration({ ...service, reservations: service.reservations.slice(1) }).split('\n');
  expect(lines).toEqual(
    expect.arrayContaining([
      'local=/internal/',
      'domain=cab.internal',
      'host-record=router.cab.internal,router,10.20.10.1',
      'host-record=tablet.cab.internal,tablet,10.20.10.5',
      'server=9.9.9.9',
      'dhcp-option=option:router,10.20.10.1',
      'dhcp-option=option:dns-server,10.20.10.1',
      'dhcp-option=option:ntp-server,10.20.10.5',
      'dhcp-host=02:00:00:00:0a:05,10.20.10.5,tablet,2700',
    ]),
  );
});

test('where nothing is left for strangers, those are served whom the policy names', () => {
  const service = serviceIn(
    changed((d) => (d.segments.pump.dhcp = true)),
    'pump',
  );
  if (service === undefined) throw new Error('pump is served');
  expect(dnsmasqConfiguration(service)).toContain('\ndhcp-range=10.20.20.0,static,255.255.255.0,10.20.20.255,43200\n');
});

describe('of any policy', () => {
  const services = policyDocument().map((document) => {
    const { policy } = checkDocument(document);
    if (policy === undefined) throw new Error('a generated policy is valid');
    return { policy, services: addressServices(policy) };
  });
  const inRange = (address: string, { from, to }: { readonly from: string; readonly to: string }) =>
    toNumber(from) <= toNumber(address) && toNumber(address) <= toNumber(to);

  test('no two reservations have an address or a MAC address in common', () => {
    fc.assert(
      fc.property(services, ({ services: all }) => {
        const reservations = all.flatMap((service) => service.reservations);
        for (const key of ['mac', 'address'] as const)
          expect(new Set(reservations.map((each) => each[key])).size).toBe(reservations.length);
      }),
    );
  });

  test('nobody’s address, the router’s, its gateway’s or the canary’s is leased to strangers, and all others of the pool are', () => {
    fc.assert(
      fc.property(services, ({ policy, services: all }) => {
        for (const { segment: name, free, subnet } of all) {
          const segment = policy.segments.find((each) => each.name === name);
          const nodes = policy.nodes.filter((node) => node.segment === name).map(({ address }) => address);
          const taken = [...nodes, segment?.router ?? '', segment?.gateway ?? '', segment?.canary ?? ''];
          for (const range of free) {
            expect(taken.filter((address) => inRange(address, range))).toEqual([]);
            expect(
              contains(toSubnet(subnet), toNumber(range.from)) && contains(toSubnet(subnet), toNumber(range.to)),
            ).toBe(true);
          }
          const { pool } = segment ?? {};
          const size = free.reduce((sum, { from, to }) => sum + toNumber(to) - toNumber(from) + 1, 0);
          const whole = pool === undefined ? 0 : toNumber(pool.to) - toNumber(pool.from) + 1;
          const within = new Set(pool === undefined ? [] : taken.filter((address) => inRange(address, pool)));
          expect(size).toBe(whole - within.size);
        }
      }),
    );
  });

  test('every node that is served has its reservation, and its name', () => {
    fc.assert(
      fc.property(services, ({ policy, services: all }) => {
        for (const { segment, reservations, names } of all) {
          const nodes = policy.nodes.filter((node) => node.segment === segment);
          expect(reservations.map(({ name, address, mac }) => `${name} ${address} ${mac}`)).toEqual(
            nodes.map(({ name, address, mac }) => `${name} ${address} ${mac}`),
          );
          expect(names.map(({ name }) => name)).toEqual(expect.arrayContaining(nodes.map(({ name }) => name)));
        }
      }),
    );
  });

  test('a name of another segment is told where a flow leads there, and nowhere else', () => {
    fc.assert(
      fc.property(services, ({ policy, services: all }) => {
        const homeOf = (party: string) => policy.nodes.find(({ name }) => name === party)?.segment ?? party;
        for (const { segment, names } of all) {
          for (const { name } of names.filter((each) => homeOf(each.name) !== segment)) {
            expect(
              policy.flows.some(({ from, to }) => homeOf(from) === segment && (to === name || to === homeOf(name))),
            ).toBe(true);
          }
        }
      }),
    );
  });
});
