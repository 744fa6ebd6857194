import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { stringify } from 'yaml';
import { checkDocument, macOf, type Policy, parsePolicy, readYaml, type Segment } from '../../../lib/policy/index.ts';
import { contains, toNumber, toSubnet } from '../../../lib/policy/ipv4.ts';
import { policyDocument } from './arbitrary.ts';
import { type Anything, policyOf, validDocument } from './documents.ts';

const changed = (change: (document: Anything) => void): Policy => {
  const document = validDocument();
  change(document);
  return policyOf(document);
};
const segmentOf = (policy: Policy, name: string) => policy.segments.find((segment) => segment.name === name);
const nodeOf = (policy: Policy, name: string) => policy.nodes.find((node) => node.name === name);

describe('the policy of a document', () => {
  test('has a host link only if the host has internet: its first address the router’s, its second the host’s', () => {
    expect(changed((d) => (d.host = { internet: true })).hostLink).toEqual({
      name: 'host-link',
      bridge: 'fb-host',
      subnet: '198.19.0.0/30',
      prefixLength: 30,
      router: '198.19.0.1',
      host: '198.19.0.2',
    });
    expect(changed((d) => (d.host = { internet: true, subnet: '10.9.9.8/30' })).hostLink).toMatchObject({
      router: '10.9.9.9',
      host: '10.9.9.10',
    });
    for (const host of [{}, { internet: false }])
      expect(changed((d) => (d.host = host))).not.toHaveProperty('hostLink');
  });

  test('has everything resolved', () => {
    expect(policyOf(validDocument())).toEqual({
      revision: {
        sequence: 3,
        hash: expect.stringMatching(/^[0-9a-f]{12}$/),
        id: expect.stringMatching(/^3-[0-9a-f]{12}$/),
      },
      trunk: { interface: 'enp2s0' },
      uplinks: [
        {
          name: 'wlan',
          interface: 'wlp3s0f0',
          driver: 'ipvlan',
          priority: 1,
          addressing: { kind: 'static', subnet: '192.168.50.0/24', address: '192.168.50.2', gateway: '192.168.50.1' },
        },
      ],
      segments: [
        {
          name: 'cab',
          vlan: 10,
          subnet: '10.20.10.0/24',
          prefixLength: 24,
          router: '10.20.10.1',
          gateway: '10.20.10.254',
          pool: { from: '10.20.10.100', to: '10.20.10.109' },
          canary: '10.20.10.109',
          internet: true,
          dhcp: { leaseSeconds: 43_200, ntp: [] },
          bridge: 'fb-cab',
          vlanInterface: 'enp2s0.10',
        },
        {
          name: 'pump',
          vlan: 20,
          subnet: '10.20.20.0/24',
          prefixLength: 24,
          router: '10.20.20.1',
          gateway: '10.20.20.2',
          canary: '10.20.20.254',
          internet: false,
          bridge: 'fb-pump',
          vlanInterface: 'enp2s0.20',
        },
      ],
      nodes: [
        {
          kind: 'container',
          name: 'control',
          segment: 'pump',
          address: '10.20.20.10',
          mac: macOf('control'),
          adopted: true,
        },
        {
          kind: 'container',
          name: 'dashboard',
          segment: 'cab',
          address: expect.stringMatching(/^10\.20\.10\.10[0-8]$/),
          mac: macOf('dashboard'),
          image: 'alpine:3',
          command: ['sleep', 'infinity'],
          environment: { UNITS: 'metric' },
          adopted: false,
        },
        { kind: 'device', name: 'panel', segment: 'pump', address: '10.20.20.5', mac: '02:00:00:00:14:05' },
        { kind: 'device', name: 'tablet', segment: 'cab', address: '10.20.10.5', mac: '02:00:00:00:0a:05' },
      ],
      flows: [
        {
          name: 'web',
          from: 'dashboard',
          to: 'control',
          protocol: 'tcp',
          ports: [
            { from: 443, to: 443 },
            { from: 8000, to: 8010 },
          ],
        },
      ],
      broadcasts: [],
      internet: { probe: '8.8.8.8' },
      dns: { servers: [] },
    });
  });

  test('orders uplinks by priority, then by name', () => {
    const policy = changed((d) => {
      const dhcp = { driver: 'macvlan', dhcp: true };
      d.uplinks = {
        z: { ...dhcp, interface: 'z0', priority: 2 },
        b: { ...dhcp, interface: 'b0', priority: 10 },
        a: { ...dhcp, interface: 'a0', priority: 10 },
      };
    });
    expect(policy.uplinks.map(({ name, addressing }) => [name, addressing.kind])).toEqual([
      ['z', 'dhcp'],
      ['a', 'dhcp'],
      ['b', 'dhcp'],
    ]);
  });

  test('writes MAC addresses in lower case', () => {
    expect(
      nodeOf(
        changed((d) => (d.devices.panel.mac = '02:AB:CD:EF:00:01')),
        'panel',
      )?.mac,
    ).toBe('02:ab:cd:ef:00:01');
  });

  test('joins ports that overlap or touch, and sorts them', () => {
    const policy = changed((d) => (d.flows.web.ports = ['8000-8010', 443, '8005-8020', 8021, 80]));
    expect(policy.flows[0]?.ports).toEqual([
      { from: 80, to: 80 },
      { from: 443, to: 443 },
      { from: 8000, to: 8021 },
    ]);
  });

  test('takes no ports for all ports', () => {
    expect(changed((d) => delete d.flows.web.ports).flows[0]?.ports).toEqual([]);
  });

  test('chooses the highest free address outside the pool as gateway', () => {
    const at = (change: (document: Anything) => void) => segmentOf(changed(change), 'cab')?.gateway;
    expect(at((d) => (d.devices.tablet.address = '10.20.10.254'))).toBe('10.20.10.253');
    expect(at((d) => (d.segments.cab.pool = { from: '10.20.10.200', to: '10.20.10.254' }))).toBe('10.20.10.199');
  });

  test('measures from outside the pool when the nodes need all of it', () => {
    const policy = changed((d) => (d.segments.cab.pool.to = '10.20.10.100'));
    expect(nodeOf(policy, 'dashboard')?.address).toBe('10.20.10.100');
    expect(segmentOf(policy, 'cab')?.canary).toBe('10.20.10.253');
  });

  test('gives a container another MAC when a device has it already', () => {
    const policy = changed((d) => (d.devices.panel.mac = macOf('dashboard')));
    expect(nodeOf(policy, 'dashboard')?.mac).toBe(macOf('dashboard', 1));
  });
});

test('broadcasts are sorted, and have their defaults', () => {
  const { broadcasts } = changed((d) => {
    d.segments.radio = { vlan: 30, subnet: '10.20.30.0/28', router: '10.20.30.1' };
    d.broadcasts = {
      wind: { from: 'panel', to: ['cab'], port: 7720, group: '239.192.0.1', rate: 5, size: 1472 },
      gps: { from: 'tablet', to: ['radio', 'pump'], port: 10110 },
    };
  });
  expect(broadcasts).toEqual([
    { name: 'gps', from: 'tablet', to: ['pump', 'radio'], port: 10110, rate: 20, size: 512 },
    { name: 'wind', from: 'panel', to: ['cab'], port: 7720, group: '239.192.0.1', rate: 5, size: 1472 },
  ]);
});

describe('the hash of a revision', () => {
  const hashOf = (document: unknown) => policyOf(document).revision.hash;

  test('is what it was before there were broadcasts, DHCP, DNS and terms, of a policy that says nothing of them', () => {
    const station = readYaml(readFileSync(join(__dirname, '../../../examples/station.yaml'), 'utf8')).value;
    const { broadcasts, ...before } = station as { readonly broadcasts: unknown };
    expect(broadcasts).toBeDefined();
    expect(hashOf(before)).toBe('de5577e131ac');
    expect(hashOf({ ...before, broadcasts: {} })).toBe('de5577e131ac');
    expect(changed((d) => (d.broadcasts = { gps: { from: 'tablet', to: ['pump'], port: 1 } })).revision.hash).not.toBe(
      hashOf(validDocument()),
    );
  });

  test('changes with the content, not with the sequence number or the schema', () => {
    const hash = hashOf(validDocument());
    expect(changed((d) => (d.segments.cab.vlan = 11)).revision.hash).not.toBe(hash);
    expect(changed((d) => Object.assign(d, { sequence: 4, $schema: './policy.schema.json' })).revision).toEqual({
      sequence: 4,
      hash,
      id: `4-${hash}`,
    });
  });

  test('does not change when defaults are spelled out', () => {
    const hash = changed((d) => {
      d.internet = { probe: '8.8.8.8' };
      d.uplinks.wlan.driver = 'ipvlan';
      d.segments.pump.internet = false;
    }).revision.hash;
    expect(hash).toBe(hashOf(validDocument()));
  });

  test('does not depend on the order of keys, nor on YAML or JSON', () => {
    fc.assert(
      fc.property(policyDocument(), fc.integer(), (document, seed) => {
        const policy = policyOf(document);
        const other = shuffled(document, seed);
        expect(policyOf(other)).toEqual(policy);
        expect(parsePolicy(stringify(other, { aliasDuplicateObjects: false })).policy).toEqual(policy);
        expect(parsePolicy(JSON.stringify(other), { format: 'json' }).policy).toEqual(policy);
      }),
    );
  });
});

describe('every random valid document', () => {
  test('passes the check', () => {
    fc.assert(
      fc.property(policyDocument(), (document) => {
        expect(checkDocument(document).problems.filter(({ severity }) => severity === 'error')).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });

  test('gives everybody an address of their own, inside their segment', () => {
    fc.assert(
      fc.property(policyDocument(), (document) => expectSoundAddresses(policyOf(document))),
      { numRuns: 500 },
    );
  });

  test('gives every node a MAC of its own', () => {
    fc.assert(
      fc.property(policyDocument(), (document) => {
        const macs = policyOf(document).nodes.map(({ mac }) => mac);
        expect(new Set(macs).size).toBe(macs.length);
      }),
    );
  });
});

test('a new node keeps the addresses of the others in most cases', () => {
  let [kept, moved] = [0, 0];
  for (let round = 0; round < 100; round++) {
    const crew = Object.fromEntries(
      Array.from({ length: 30 }, (_, i) => [`app-${round}-${i}`, { segment: 'cab', image: 'alpine:3' }]),
    );
    const withPool = (containers: object) => (d: Anything) => {
      d.segments.cab.pool = { from: '10.20.10.100', to: '10.20.10.199' };
      d.containers = { ...d.containers, ...containers };
    };
    const before = changed(withPool(crew));
    const after = changed(withPool({ ...crew, [`new-${round}`]: { segment: 'cab' } }));
    for (const { name, address } of before.nodes) {
      if (nodeOf(after, name)?.address === address) kept++;
      else moved++;
    }
  }
  expect(moved / (kept + moved)).toBeLessThan(0.02);
});

test('ten thousand flows are checked well within a second or two', () => {
  const document = validDocument();
  const flows = Array.from({ length: 10_000 }, (_, i) => [
    `flow-${i}`,
    {
      from: 'cab',
      to: i % 2 ? 'control' : 'pump',
      protocol: i % 3 ? 'tcp' : 'udp',
      ports: [1 + i, `${20_000 + i}-${30_000 + i}`],
    },
  ]);
  document.flows = Object.fromEntries(flows);
  const begin = cpuMilliseconds();
  expect(policyOf(document).flows).toHaveLength(10_000);
  expect(cpuMilliseconds() - begin).toBeLessThan(1500);
});

test('twenty thousand flows between unknown names are refused in a bearable time', () => {
  const document = validDocument();
  document.containers = Object.fromEntries(
    Array.from({ length: 1000 }, (_, i) => [`container-with-long-name-${i}`, { segment: 'cab' }]),
  );
  document.flows = Object.fromEntries(
    Array.from({ length: 20_000 }, (_, i) => [
      `f${i}`,
      { from: `container-with-lost-name-${i}`, to: `x${i}`, protocol: 'tcp' },
    ]),
  );
  const begin = cpuMilliseconds();
  expect(checkDocument(document).problems.length).toBeGreaterThan(40_000);
  expect(cpuMilliseconds() - begin).toBeLessThan(3000);
});

/** Of this process, so that a busy machine does not fail the test. */
function cpuMilliseconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

function expectSoundAddresses(policy: Policy): void {
  for (const segment of policy.segments) {
    const residents = policy.nodes.filter((node) => node.segment === segment.name).map(({ address }) => address);
    const all = [segment.router, segment.gateway, segment.canary, ...residents];
    expect(new Set(all).size).toBe(all.length);
    for (const address of all) expect(isHostOf(segment, address)).toBe(true);
  }
  expect(policy.nodes.every(({ segment }) => policy.segments.some(({ name }) => name === segment))).toBe(true);
}

function isHostOf({ subnet: cidr }: Segment, address: string): boolean {
  const subnet = toSubnet(cidr);
  const number = toNumber(address);
  return contains(subnet, number) && number !== subnet.network && number !== subnet.broadcast;
}

/** The same value with the keys of its maps in another order. */
function shuffled(value: unknown, seed: number): unknown {
  if (Array.isArray(value) || typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, inner]) => [key, shuffled(inner, seed + 1)] as const);
  const turn = Math.abs(seed) % Math.max(1, entries.length);
  return Object.fromEntries([...entries.slice(turn), ...entries.slice(0, turn)].reverse());
}
