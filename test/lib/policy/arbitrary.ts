import fc from 'fast-check';
import { toAddress } from '../../../lib/policy/ipv4.ts';
import type { PolicyDocumentInput } from '../../../lib/policy/schema.ts';

type SegmentInput = PolicyDocumentInput['segments'][string];
type ContainerInput = NonNullable<PolicyDocumentInput['containers']>[string];
type DeviceInput = NonNullable<PolicyDocumentInput['devices']>[string];
type BroadcastInput = NonNullable<PolicyDocumentInput['broadcasts']>[string];
type FlowInput = NonNullable<PolicyDocumentInput['flows']>[string];

/** What is drawn for a segment, before its neighbours are known. */
interface SegmentSeed {
  readonly name: string;
  readonly vlan: number;
  readonly octet: number;
  readonly prefixLength: number;
  readonly place: number;
  readonly routerOffset: 'first' | 'second' | 'last';
  readonly explicitGateway: boolean;
  readonly hasPool: boolean;
  readonly poolShift: number;
  readonly poolExtra: number;
  readonly internet: boolean;
  readonly namedBridge: boolean;
}

interface NodeSeed {
  readonly name: string;
  readonly home: number;
  readonly fixed: 'no' | 'in pool' | 'beyond pool';
}

/**
 * Valid random policies: 1 to 5 segments (/20 to /28), up to 6 containers, 4 devices, 6 flows and 4 broadcasts, with and without pools, fixed
 * addresses, gateways and bridge names, with and without a host link. There is always the lab's trunk and its uplink, so that every policy could be applied.
 * Property tests of other rooms draw from here; that each one passes the check is itself a property (policy.test.ts).
 */
export function policyDocument(): fc.Arbitrary<PolicyDocumentInput> {
  return fc
    .record({
      sequence: fc.nat(1000),
      segments: segmentSeeds(),
      containers: fc.uniqueArray(containerSeed(), { maxLength: 6, selector: ({ name }) => name }),
      devices: fc.uniqueArray(nodeSeed('d'), { maxLength: 4, selector: ({ name }) => name }),
      flows: fc.uniqueArray(flowSeed(), { maxLength: 6, selector: ({ name }) => name }),
      broadcasts: fc.uniqueArray(broadcastSeed(), { maxLength: 4, selector: ({ name }) => name }),
      host: fc.constantFrom<PolicyDocumentInput['host'][]>(
        undefined,
        { internet: false },
        { internet: true },
        { internet: true, subnet: '198.18.77.4/30' },
      ),
    })
    .map(({ sequence, segments, containers, devices, flows, broadcasts, host }) => {
      const homeOf = ({ home }: { home: number }) => pick(segments, home);
      const nodes = [...containers, ...devices].map((node) => ({ ...node, segment: homeOf(node) }));
      const addressed = new Map(
        nodes.map((node, rank) => [node.name, { segment: node.segment.name, ...fixedAddress(node, rank) }] as const),
      );
      const endpoints = [...segments.map(({ name }) => name), ...nodes.map(({ name }) => name)];
      // An adopted container’s MAC address is known to nobody.
      const speakers = [...containers.filter(({ content }) => content.image !== undefined), ...devices];
      const segmentOf = (name: string) => addressed.get(name)?.segment ?? name;
      return {
        version: 1,
        sequence,
        trunk: { interface: 'enp2s0' },
        ...(host !== undefined && { host }),
        uplinks: {
          wlan: {
            interface: 'wlp3s0f0',
            subnet: '192.168.50.0/24',
            address: '192.168.50.2',
            gateway: '192.168.50.1',
          },
        },
        segments: Object.fromEntries(segments.map((seed) => [seed.name, segmentInput(seed)])),
        containers: Object.fromEntries(
          containers.map(({ name, content }): [string, ContainerInput] => [
            name,
            { segment: '', ...addressed.get(name), ...content },
          ]),
        ),
        devices: Object.fromEntries(
          devices.map(({ name }, index): [string, DeviceInput] => [
            name,
            { segment: '', ...addressed.get(name), mac: `02:00:00:00:00:0${index + 1}` },
          ]),
        ),
        flows: Object.fromEntries(
          flows
            .map(({ name, from, to, talk }): [string, FlowInput] => [
              name,
              { from: pick(endpoints, from), to: pick([...endpoints, 'internet'], to), ...talk },
            ])
            .filter(([, { from, to }]) => segmentOf(from) !== segmentOf(to)),
        ),
        broadcasts: Object.fromEntries(
          broadcasts.flatMap(({ name, from, to, message }, index): [string, BroadcastInput][] => {
            if (speakers.length === 0) return [];
            const source = pick(speakers, from).name;
            const others = segments.map((segment) => segment.name).filter((other) => other !== segmentOf(source));
            const heard = others.filter((_, place) => (to >> place) % 2 === 1);
            // Each has a port of its own.
            const port = 10_000 + index;
            return heard.length === 0 ? [] : [[name, { from: source, to: heard, port, ...message }]];
          }),
        ),
      };
    });
}

const shortName = (prefix: string) => fc.stringMatching(/^[a-z0-9]{1,8}$/).map((rest) => `${prefix}-${rest}`);

function segmentSeeds(): fc.Arbitrary<SegmentSeed[]> {
  const seed = fc.record<SegmentSeed>({
    name: shortName('s'),
    vlan: fc.integer({ min: 1, max: 4094 }),
    octet: fc.nat(255),
    prefixLength: fc.integer({ min: 20, max: 28 }),
    place: fc.nat(4095),
    routerOffset: fc.constantFrom('first', 'second', 'last'),
    explicitGateway: fc.boolean(),
    hasPool: fc.boolean(),
    poolShift: fc.nat(1),
    poolExtra: fc.nat(4095),
    internet: fc.boolean(),
    namedBridge: fc.boolean(),
  });
  return fc
    .uniqueArray(seed, { minLength: 1, maxLength: 5, selector: ({ name }) => name })
    .filter((seeds) => isUnique(seeds.map(({ vlan }) => vlan)) && isUnique(seeds.map(({ octet }) => octet)));
}

function nodeSeed(prefix: string): fc.Arbitrary<NodeSeed> {
  return fc.record<NodeSeed>({
    name: shortName(prefix),
    home: fc.nat(4),
    fixed: fc.constantFrom('no', 'in pool', 'beyond pool'),
  });
}

function containerSeed() {
  const content = fc.oneof<fc.Arbitrary<Omit<ContainerInput, 'segment'>>[]>(
    fc.constant({}),
    fc.constant({ image: 'alpine:3' }),
    fc.constant({ image: 'alpine:3', command: ['sleep', 'infinity'] }),
    fc.constant({ image: 'registry.example:5000/team/app@sha256:00', environment: { MODE: 'winch', LEVEL: '3' } }),
  );
  return fc.tuple(nodeSeed('c'), content).map(([node, inside]) => ({ ...node, content: inside }));
}

/** Always in force, in force for centuries, over, and not begun. */
const EXPLAINED = { owner: 'chief', reason: 'a drill' };
const TERMS = [
  {},
  {},
  { starts: '2020-01-01T00:00:00Z', expires: '2400-01-01T00:00:00+02:00', ...EXPLAINED },
  { expires: '2400-06-01T00:00:00Z', ...EXPLAINED },
  { expires: '2020-01-01T00:00:00Z', ...EXPLAINED },
  { starts: '2400-01-01T00:00:00Z' },
];

function flowSeed() {
  const port = fc.integer({ min: 1, max: 65535 });
  const range = fc.tuple(port, port).map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`);
  const ports = fc.array(fc.oneof(port, range), { minLength: 1, maxLength: 4 });
  const protocol = fc.constantFrom<'tcp' | 'udp'>('tcp', 'udp');
  return fc.record({
    name: shortName('f'),
    from: fc.nat(50),
    to: fc.nat(50),
    talk: fc
      .tuple(
        fc.oneof(fc.constant({ protocol: 'icmp' as const }), fc.record({ protocol }), fc.record({ protocol, ports })),
        fc.constantFrom<Pick<FlowInput, 'starts' | 'expires' | 'owner' | 'reason'>[]>(...TERMS),
      )
      .map(([talk, term]) => ({ ...talk, ...term })),
  });
}

function broadcastSeed() {
  return fc.record({
    name: shortName('b'),
    from: fc.nat(50),
    /** A bit for each of the other segments. */
    to: fc.integer({ min: 1, max: 31 }),
    message: fc.oneof(
      fc.constant({}),
      fc.record({ group: fc.constantFrom('239.192.0.1', '224.0.1.1') }),
      fc.record({ rate: fc.integer({ min: 1, max: 1000 }), size: fc.integer({ min: 1, max: 1472 }) }),
    ),
  });
}

/**
 * The usable addresses are 1 to `count`. The router and what the policy chooses itself live at 1, 2 and `count`; the pool, or
 * the room of the fixed addresses, lies between, never with less than ten places, which are enough for all nodes.
 */
function layout(seed: SegmentSeed) {
  const size = 2 ** (32 - seed.prefixLength);
  const network = 10 * 2 ** 24 + seed.octet * 2 ** 16 + ((seed.place * size) % 2 ** 16);
  const count = size - 2;
  const from = 3 + seed.poolShift;
  const to = from + 9 + (seed.poolExtra % (count - 1 - (from + 9) + 1));
  return { network, count, from, to, router: { first: 1, second: 2, last: count }[seed.routerOffset] };
}

function segmentInput(seed: SegmentSeed): SegmentInput {
  const { network, from, to, router } = layout(seed);
  return {
    vlan: seed.vlan,
    subnet: `${toAddress(network)}/${seed.prefixLength}`,
    router: toAddress(network + router),
    ...(seed.explicitGateway && { gateway: toAddress(network + (router === 1 ? 2 : 1)) }),
    ...(seed.hasPool && { pool: { from: toAddress(network + from), to: toAddress(network + to) } }),
    internet: seed.internet,
    ...(seed.namedBridge && { bridge: `b${seed.vlan}` }),
  };
}

/** `rank` is different for every node of the policy, and below ten. */
function fixedAddress(node: NodeSeed & { segment: SegmentSeed }, rank: number): { address?: string } {
  const { network, count, from, to } = layout(node.segment);
  if (node.segment.hasPool && node.fixed === 'no') return {};
  const beyond = node.segment.hasPool && node.fixed === 'beyond pool' && to + 10 < count;
  return { address: toAddress(network + (beyond ? to + 1 : from) + rank) };
}

function pick<Item>(items: readonly Item[], index: number): Item {
  const item = items[index % items.length];
  if (item === undefined) throw new Error('nothing to pick from');
  return item;
}

function isUnique(values: readonly unknown[]): boolean {
  return new Set(values).size === values.length;
}
