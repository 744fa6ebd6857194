import fc from 'fast-check';
import { buildTopology } from '../../../lib/lab/build-topology.ts';
import { namespaceOf, topology } from '../../../lib/lab/topology.ts';
import type { Policy } from '../../../lib/policy/index.ts';
import { policyDocument } from '../policy/arbitrary.ts';
import { example, policyOf } from '../truck/support.ts';
import { Cables } from './cables.ts';

const anyPolicy = policyDocument().map((document) => policyOf(JSON.stringify(document)));
const base = example('article.yaml');
const devicesOf = (policy: Policy) => policy.nodes.filter(({ kind }) => kind === 'device');

async function built(policy: Policy): Promise<Cables> {
  const cables = new Cables();
  await buildTopology(cables, topology('lab', policy));
  return cables;
}

describe('the article’s topology', () => {
  const { namespaces, ip, bridge } = topology('lab', base);
  const commandsIn = (place: string) =>
    [...ip, ...bridge].filter(({ namespace }) => namespace === namespaceOf('lab', place)).flatMap((b) => b.commands);

  test('is a truck, a switch, the internet and two devices', () => {
    expect(namespaces).toEqual(['truck', 'switch', 'internet', 'device1', 'device2'].map((n) => namespaceOf('lab', n)));
  });

  test('leaves the truck bare: its interfaces are up and have no address', () => {
    expect(commandsIn('truck')).toEqual([
      'link set dev lo up',
      'link add name enp2s0 type veth peer name trunk netns fb.lab.switch',
      'link set dev enp2s0 up',
      'link add name wlp3s0f0 type veth peer name wlp3s0f0 netns fb.lab.internet',
      'link set dev wlp3s0f0 up',
    ]);
  });

  test('gives the switch VLAN 1 on no other port than the first device’s', () => {
    expect(commandsIn('switch').filter((command) => command.startsWith('vlan'))).toEqual([
      'vlan add dev trunk vid 1',
      'vlan add dev trunk vid 2',
      'vlan add dev port1 vid 1 pvid untagged',
      'vlan add dev port2 vid 2 pvid untagged',
    ]);
  });

  test('has the uplink’s gateway and 8.8.8.8 in the internet, which knows no way back into a segment', () => {
    expect(commandsIn('internet')).toEqual([
      'link set dev lo up',
      'address add 8.8.8.8/32 dev lo',
      'address add 192.168.50.1/24 dev wlp3s0f0',
      'link set dev wlp3s0f0 up',
    ]);
  });

  test('gives a device its label’s MAC, its address and the router as gateway', () => {
    expect(commandsIn('switch')).toContain(
      'link add name port2 type veth peer name eth0 address 02:00:00:00:02:05 netns fb.lab.device2',
    );
    expect(commandsIn('device2')).toEqual([
      'link set dev lo up',
      'address add 10.0.2.5/24 dev eth0',
      'link set dev eth0 up',
      'route add default via 10.0.2.3 dev eth0',
    ]);
  });
});

test('an uplink over DHCP gets no address in the internet', () => {
  const uplinks = base.uplinks.map((uplink) => ({ ...uplink, addressing: { kind: 'dhcp' } as const }));
  const commands = topology('lab', { ...base, uplinks }).ip.flatMap((batch) => batch.commands);
  expect(commands.filter((command) => command.includes('192.168.50'))).toEqual([]);
});

test('a device in a segment that is not there is a fault of ours', () => {
  expect(() => topology('lab', { ...base, segments: [] })).toThrow('device1 is in no segment of this policy');
});

describe('names of namespaces', () => {
  // What LAB_NAME (lab.ts) and the policy's schema allow, mostly hyphens, so that they meet if they can.
  const labName = fc.stringMatching(/^[a-c][a-c-]{0,6}$/);
  const place = fc.oneof(
    fc.constantFrom('truck', 'switch', 'internet'),
    fc.stringMatching(/^[a-c]([a-c-]{0,4}[a-c])?$/),
  );

  test('differ between labs, whatever labs and nodes are called', () => {
    expect(namespaceOf('a', 'b-truck')).not.toBe(namespaceOf('a-b', 'truck'));
    fc.assert(
      fc.property(labName, place, labName, place, (lab, here, otherLab, there) => {
        fc.pre(lab !== otherLab || here !== there);
        expect(namespaceOf(lab, here)).not.toBe(namespaceOf(otherLab, there));
      }),
      { numRuns: 2000 },
    );
  });

  test('begin as no other lab’s do: taking one lab down takes nothing of another', () => {
    expect(namespaceOf('lab-2', 'truck').startsWith(namespaceOf('lab', ''))).toBe(false);
    fc.assert(
      fc.property(labName, labName, place, (lab, otherLab, there) => {
        fc.pre(lab !== otherLab);
        expect(namespaceOf(otherLab, there).startsWith(namespaceOf(lab, ''))).toBe(false);
      }),
      { numRuns: 2000 },
    );
  });

  test('are never taken for a canary’s', () => {
    for (const lab of ['canary', 'canary-10']) expect(namespaceOf(lab, 'truck')).not.toMatch(/^fb-canary-/);
  });

  test('can be file names', () => {
    fc.assert(fc.property(labName, place, (lab, here) => expect(namespaceOf(lab, here)).toMatch(/^[a-z][a-z.-]*$/)));
  });
});

describe('of any policy', () => {
  test('the switch has no default VLAN, and filters', async () => {
    await fc.assert(
      fc.asyncProperty(anyPolicy, async (policy) => {
        const commands = topology('lab', policy).ip.flatMap((batch) => batch.commands);
        const bridges = commands.filter((command) => command.includes('type bridge'));
        expect(bridges).toEqual([expect.stringMatching(/vlan_filtering 1 vlan_default_pvid 0 /)]);
      }),
    );
  });

  test('each device’s port is in the VLAN of its segment, untagged, and in no other', async () => {
    await fc.assert(
      fc.asyncProperty(anyPolicy, async (policy) => {
        const cables = await built(policy);
        const vlanByDevice = cables
          .ports('fb.lab.switch')
          .filter((port) => port !== 'trunk')
          .map((port) => [cables.farEnd('fb.lab.switch', port), cables.vlans('fb.lab.switch', port)]);
        expect(vlanByDevice).toEqual(
          devicesOf(policy).map(({ name, segment }) => {
            const { vlan } = policy.segments.find((candidate) => candidate.name === segment) ?? { vlan: 0 };
            return [`fb.lab.${name}`, [`${vlan} pvid untagged`]];
          }),
        );
      }),
    );
  });

  test('the trunk carries each segment, tagged, and nothing else', async () => {
    await fc.assert(
      fc.asyncProperty(anyPolicy, async (policy) => {
        const cables = await built(policy);
        expect(cables.vlans('fb.lab.switch', 'trunk')).toEqual(policy.segments.map(({ vlan }) => String(vlan)));
        expect(cables.farEnd('fb.lab.switch', 'trunk')).toBe('fb.lab.truck');
      }),
    );
  });

  test('containers get no namespace: they are the truck’s business', () => {
    fc.assert(
      fc.property(anyPolicy, (policy) => {
        expect(topology('lab', policy).namespaces.slice(3)).toEqual(
          devicesOf(policy).map(({ name }) => `fb.lab.${name}`),
        );
      }),
    );
  });
});
