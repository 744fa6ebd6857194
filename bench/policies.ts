import { checkDocument, type Policy, type PolicyDocumentInput } from '../lib/policy/index.ts';

/** The two whose conversations are measured, and one who may not speak to either; each in a segment of its own. */
export const CLIENT = 'client';
export const SERVER = 'server';
export const STRANGER = 'stranger';
/** Where the server is spoken to, by TCP and by UDP. */
export const SERVER_PORT = 5201;

const SEGMENTS = 8;
/** Of each segment, besides the measured ones. */
const CROWD = 24;

type Segments = PolicyDocumentInput['segments'];
type Containers = NonNullable<PolicyDocumentInput['containers']>;
type Flows = NonNullable<PolicyDocumentInput['flows']>;
type Flow = Flows[string];

/**
 * So many nodes, at most eight a segment, exactly half of whose ordered pairs may ping: those within a segment, and flows from node to node,
 * spread evenly over the other pairs.
 */
export function halfDenied(nodes: number): Policy {
  const segments = Math.max(2, Math.ceil(nodes / 8));
  const segmentOf = (node: number) => node % segments;
  const all = [...Array(nodes).keys()];
  const apart = all.flatMap((from) =>
    all.filter((to) => segmentOf(to) !== segmentOf(from)).map((to) => [from, to] as const),
  );
  const wanted = (nodes * (nodes - 1)) / 2 - (nodes * (nodes - 1) - apart.length);
  const flows = [...Array(wanted).keys()].map((index): readonly [string, Flow] => {
    const [from, to] = apart[Math.floor((index * apart.length) / wanted)] ?? [0, 1];
    return [flowName(index), { from: `n${from}`, to: `n${to}`, protocol: 'icmp' }];
  });
  return checked({
    segments: segmentEntries(segments),
    containers: Object.fromEntries(
      all.map((node) => [`n${node}`, member(segmentOf(node), 10 + Math.floor(node / segments))]),
    ),
    flows: Object.fromEntries(flows),
  });
}

/**
 * Eight segments with 195 nodes and so many flows. Three of them, in the middle, let the client speak to the server (ping, TCP, UDP). Of
 * the others a fifth is UDP, a tenth a range of ports, and a twentieth for a whole segment.
 * @param variant policies of different variants differ in one port
 */
export function withFlows(count: number, variant = 0): Policy {
  const measured: readonly Flow[] = [
    { from: CLIENT, to: SERVER, protocol: 'icmp' },
    { from: CLIENT, to: SERVER, protocol: 'tcp', ports: [SERVER_PORT] },
    { from: CLIENT, to: SERVER, protocol: 'udp', ports: [SERVER_PORT] },
  ];
  const others = [...Array(Math.max(0, count - measured.length)).keys()].map((index) =>
    crowdFlow(index, index === 0 ? variant : 0),
  );
  const middle = Math.floor(others.length / 2);
  const flows = [...others.slice(0, middle), ...measured, ...others.slice(middle)];
  return checked({
    segments: segmentEntries(SEGMENTS),
    containers: {
      [CLIENT]: member(0, 10),
      [SERVER]: member(1, 10),
      [STRANGER]: member(2, 10),
      ...Object.fromEntries(
        [...Array(SEGMENTS * CROWD).keys()].map((node) => [
          crowdNode(node),
          member(node % SEGMENTS, 20 + Math.floor(node / SEGMENTS)),
        ]),
      ),
    },
    flows: Object.fromEntries(flows.map((flow, index) => [flowName(index), flow])),
  });
}

/** No two alike: the pair of nodes repeats after all pairs, and then with other ports. */
function crowdFlow(index: number, variant: number): Flow {
  const nodes = SEGMENTS * CROWD;
  const from = index % nodes;
  // Another segment, because the step is no multiple of the number of segments.
  const to = (from + 1 + (Math.floor(index / nodes) % (SEGMENTS - 1))) % nodes;
  const port = 10_000 + Math.floor(index / nodes) * 4 + variant;
  return {
    // The segments of the measured ones stay out of it.
    from: index % 20 === 19 && from % SEGMENTS > 2 ? segmentName(from % SEGMENTS) : crowdNode(from),
    to: crowdNode(to),
    protocol: index % 5 === 4 ? 'udp' : 'tcp',
    ports: [index % 10 === 3 ? `${port}-${port + 2}` : port],
  };
}

function checked(document: Pick<PolicyDocumentInput, 'segments' | 'containers' | 'flows'>): Policy {
  const whole: PolicyDocumentInput = { version: 1, trunk: { interface: 'trunk0' }, ...document };
  const { policy, problems } = checkDocument(whole);
  if (policy === undefined) throw new Error(problems.map(({ path, message }) => `${path}: ${message}`).join('\n'));
  return policy;
}

function segmentEntries(count: number): Segments {
  return Object.fromEntries(
    [...Array(count).keys()].map((index) => [
      segmentName(index),
      { vlan: 100 + index, subnet: `10.77.${index}.0/24`, router: `10.77.${index}.1` },
    ]),
  );
}

function member(segment: number, host: number): Containers[string] {
  return { segment: segmentName(segment), address: `10.77.${segment}.${host}` };
}

function segmentName(index: number): string {
  return `s${index}`;
}

function crowdNode(index: number): string {
  return `c${index}`;
}

/** In the order of their numbers. */
function flowName(index: number): string {
  return `f${String(index).padStart(5, '0')}`;
}
