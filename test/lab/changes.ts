import fc from 'fast-check';
import type { PolicyDocumentInput } from '../../lib/policy/schema.ts';

/**
 * Live changes: from a policy to a neighbour that differs in one thing, as an operator makes them. Pure, and always the same for a seed.
 * There is always the segment `cab` with a container and a device, and `pump` with both; `radio` comes and goes.
 */
export interface Change {
  /** In words. */
  readonly what: string;
  readonly document: PolicyDocumentInput;
}

type Name = 'cab' | 'pump' | 'radio';

interface SegmentState {
  readonly vlan: number;
  /** Of its subnet 10.OCTET.0.0/24. */
  readonly octet: number;
  /** Last byte of the router's address. */
  readonly router: number;
  readonly internet: boolean;
}

interface State {
  readonly segments: Readonly<Partial<Record<Name, SegmentState>>>;
  readonly flows: Readonly<Record<string, NonNullable<PolicyDocumentInput['flows']>[string]>>;
  /** Index in UPLINKS. */
  readonly uplink: number;
  /** VLAN IDs that some segment has or had: who is plugged into one that passes from one segment to another is in both for a moment. */
  readonly vlans: readonly number[];
}

/** What may be behind the truck's one uplink interface. */
const UPLINKS: readonly NonNullable<PolicyDocumentInput['uplinks']>[] = [
  { wlan: { interface: 'wlp3s0f0', subnet: '192.168.50.0/24', address: '192.168.50.2', gateway: '192.168.50.1' } },
  {
    station: {
      ...{ interface: 'wlp3s0f0', driver: 'macvlan' },
      ...{ subnet: '192.168.60.0/24', address: '192.168.60.20', gateway: '192.168.60.1' },
    },
  },
  { mobile: { interface: 'wlp3s0f0', dhcp: true } },
];

const FIRST: State = {
  segments: {
    cab: { vlan: 10, octet: 10, router: 1, internet: true },
    pump: { vlan: 20, octet: 20, router: 1, internet: false },
  },
  flows: {},
  uplink: 0,
  vlans: [10, 20],
};

/** A random number for each decision. */
interface Draw {
  readonly kind: number;
  readonly which: number;
  readonly value: number;
}

const MAX = 2 ** 30;
const draw = fc.record<Draw>({ kind: fc.nat(MAX), which: fc.nat(MAX), value: fc.nat(MAX) });

/** The policy to begin with, and so many changes, each from the one before. */
export function changes(
  count: number,
  seed: number,
): { readonly first: PolicyDocumentInput; readonly changes: readonly Change[] } {
  const draws = fc.sample(draw, { numRuns: count, seed });
  let state = FIRST;
  const found = draws.map((each): Change => {
    const kind = pick(KINDS, each.kind);
    const [what, next] = kind(state, each) ?? ['renumber the VLAN of pump', renumberVlan(state, 'pump', each.value)];
    state = next;
    return { what, document: documentOf(state) };
  });
  return { first: documentOf(FIRST), changes: found };
}

/** What can be changed; null: not now. */
const KINDS: readonly ((state: State, draw: Draw) => readonly [string, State] | null)[] = [
  (state, { value }) =>
    state.segments.radio === undefined
      ? ['add the segment radio', withSegment(state, 'radio', fresh(state, value))]
      : ['remove the segment radio', without(state, 'radio')],
  (state, { which, value }) => {
    const name = someSegment(state, which);
    return [`renumber the VLAN of ${name}`, renumberVlan(state, name, value)];
  },
  (state, { which, value }) => {
    const name = someSegment(state, which);
    const { octet } = fresh(state, value);
    return [`renumber the subnet of ${name}`, changed(state, name, { octet })];
  },
  (state, { which }) => {
    const name = someSegment(state, which);
    const router = state.segments[name]?.router === 1 ? 2 : 1;
    return [`change the router’s address in ${name}`, changed(state, name, { router })];
  },
  (state, { which }) => {
    // Somebody always reaches the internet, or its silence would prove nothing.
    const name = pick(
      segmentsOf(state).filter((each) => each !== 'cab'),
      which,
    );
    const internet = state.segments[name]?.internet !== true;
    return [`switch the internet of ${name} ${internet ? 'on' : 'off'}`, changed(state, name, { internet })];
  },
  (state, { which, value }) => {
    const names = segmentsOf(state);
    const from = pick(names, which);
    const to = pick(
      names.filter((name) => name !== from),
      value,
    );
    const parties = (name: Name) => [name, `panel-${name}`, ...(name === 'radio' ? [] : [`app-${name}`])];
    const flow = {
      ...{ from: pick(parties(from), value), to: pick(parties(to), which) },
      ...(value % 2 === 0 ? { protocol: 'icmp' as const } : { protocol: 'udp' as const, ports: [7000 + (value % 50)] }),
    };
    const flows = { ...state.flows, [`flow-${value % 10_000}`]: flow };
    return [`open a flow ${flow.from} → ${flow.to} ${flow.protocol}`, { ...state, flows }];
  },
  (state, { which }) => {
    const names = Object.keys(state.flows);
    if (names.length === 0) return null;
    const closed = pick(names, which);
    const flows = Object.fromEntries(Object.entries(state.flows).filter(([name]) => name !== closed));
    return ['close a flow', { ...state, flows }];
  },
  (state, { value }) => {
    const uplink = (state.uplink + 1 + (value % (UPLINKS.length - 1))) % UPLINKS.length;
    return [`swap the uplink for ${Object.keys(UPLINKS[uplink] ?? {}).join()}`, { ...state, uplink }];
  },
];

function renumberVlan(state: State, name: Name, value: number): State {
  return changed(state, name, { vlan: fresh(state, value).vlan });
}

/** A VLAN that nobody has or had, and a subnet that nobody has. */
function fresh(state: State, value: number): SegmentState {
  const used = Object.values(state.segments);
  let vlan = 2 + (value % 4000);
  while (state.vlans.includes(vlan)) vlan++;
  let octet = 1 + (value % 200);
  while (used.some((segment) => segment.octet === octet)) octet++;
  return { vlan, octet, router: 1, internet: value % 2 === 0 };
}

function segmentsOf({ segments }: State): readonly Name[] {
  return Object.keys(segments) as Name[];
}

function someSegment(state: State, which: number): Name {
  return pick(segmentsOf(state), which);
}

function withSegment(state: State, name: Name, segment: SegmentState): State {
  const vlans = [...new Set([...state.vlans, segment.vlan])];
  return { ...state, segments: { ...state.segments, [name]: segment }, vlans };
}

function changed(state: State, name: Name, change: Partial<SegmentState>): State {
  const segment = state.segments[name];
  if (segment === undefined) throw new Error(`there is no ${name}`);
  return withSegment(state, name, { ...segment, ...change });
}

/** With it go the flows that name it or its nodes. */
function without(state: State, name: Name): State {
  const names = (party: string) => party === name || party.endsWith(`-${name}`);
  return {
    ...state,
    segments: Object.fromEntries(Object.entries(state.segments).filter(([other]) => other !== name)),
    flows: Object.fromEntries(Object.entries(state.flows).filter(([, { from, to }]) => !names(from) && !names(to))),
  };
}

function documentOf({ segments, flows, uplink }: State): PolicyDocumentInput {
  const named = Object.entries(segments) as [Name, SegmentState][];
  return {
    version: 1,
    trunk: { interface: 'enp2s0' },
    uplinks: UPLINKS[uplink] ?? {},
    segments: Object.fromEntries(
      named.map(([name, { vlan, octet, router, internet }]) => [
        name,
        {
          ...{ vlan, subnet: `10.${octet}.0.0/24`, router: `10.${octet}.0.${router}`, gateway: `10.${octet}.0.254` },
          internet,
        },
      ]),
    ),
    containers: Object.fromEntries(
      named
        .filter(([name]) => name !== 'radio')
        .map(([name, { octet }]) => [
          `app-${name}`,
          { segment: name, image: 'alpine:3', command: ['sleep', 'infinity'], address: `10.${octet}.0.10` },
        ]),
    ),
    devices: Object.fromEntries(
      named.map(([name, { octet }], index) => [
        `panel-${name}`,
        { segment: name, mac: `02:00:00:00:0${index}:05`, address: `10.${octet}.0.11` },
      ]),
    ),
    flows,
  };
}

function pick<Item>(items: readonly Item[], index: number): Item {
  const item = items[index % items.length];
  if (item === undefined) throw new Error('nothing to pick from');
  return item;
}
