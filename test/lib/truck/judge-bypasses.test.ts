import type { BypassAttempt } from '../../../lib/truck/bypass.ts';
import { HOST, OUTSIDE, ROUTER_ITSELF, SENDER } from '../../../lib/truck/bypass.ts';
import {
  type BypassControls,
  type BypassObservation,
  bypassTable,
  judgeBypasses,
  type Place,
} from '../../../lib/truck/judge-bypasses.ts';
import { example } from './support.ts';

const article = example('article.yaml');
const PLACES = {
  container1: { name: 'container1', role: 'node', segment: 'br0net' },
  device1: { name: 'device1', role: 'node', segment: 'br0net' },
  container2: { name: 'container2', role: 'node', segment: 'br1net' },
  br0: { name: 'br0', role: 'bridge', segment: 'br0net' },
  wire1: { name: 'enp2s0.1', role: 'wire', segment: 'br0net' },
  wire2: { name: 'enp2s0.2', role: 'wire', segment: 'br1net' },
  host: { name: 'the host', role: 'host' },
  router: { name: 'router', role: 'router' },
  uplink: { name: 'wlp3s0f0', role: 'outside' },
  internet: { name: 'internet', role: 'outside' },
} as const satisfies Record<string, Place>;

const ATTEMPT: BypassAttempt = {
  ...{ id: 'x', kind: 'another segment through the host', from: 'container1', aim: 'br1net', because: 'it is closed' },
  frame: {
    ...{ to: 'bridge', tags: [] },
    packet: { type: 'ipv4', source: '10.0.1.4', destination: '10.0.2.4', protocol: 'icmp', port: 0 },
  },
};
const ALL: BypassControls = {
  heard: new Set(['container1 ipv4', 'container1 arp', 'device1 arp', 'internet ipv4']),
  hearing: Object.values(PLACES),
};
const NOTHING: BypassObservation = { id: 'x', arrivedAt: [], answeredBy: [] };

function verdict(observation: Partial<BypassObservation>, attempt: Partial<BypassAttempt> = {}, controls = ALL) {
  const [row] = judgeBypasses(article, [{ ...ATTEMPT, ...attempt }], [{ ...NOTHING, ...observation }], controls);
  return [row?.verdict, row?.reason];
}

test('what arrived nowhere and nobody answered is closed, if it was shown to be sent and listened for', () => {
  expect(verdict({})).toEqual(['closed', 'it arrived nowhere and nobody answered']);
});

test.each([
  ['a node of another segment', PLACES.container2],
  ['the wire to another segment’s devices', PLACES.wire2],
  ['the host', PLACES.host],
  ['the router itself', PLACES.router],
  ['the uplink', PLACES.uplink],
])('what arrived at %s is open', (_where, place) => {
  expect(verdict({ arrivedAt: [place] })).toEqual(['open', `it arrived at ${place.name}`]);
});

test.each([
  ['a neighbour', PLACES.device1],
  ['the segment’s own bridge', PLACES.br0],
  ['the segment’s own wire', PLACES.wire1],
])('what only %s got is closed', (_where, place) => {
  expect(verdict({ arrivedAt: [place] })[0]).toBe('closed');
});

test('an answer is open, except a neighbour’s', () => {
  expect(verdict({ answeredBy: ['the host (br0, br0net)'] })).toEqual(['open', 'the host (br0, br0net) answered']);
  expect(verdict({ answeredBy: ['02:42:00:00:00:01'] })[0]).toBe('open');
  expect(verdict({ answeredBy: ['device1'] })[0]).toBe('closed');
  const packet = { type: 'arp', sender: '10.0.1.4', target: '10.0.2.4' } as const;
  expect(verdict({ answeredBy: ['device1'] }, { frame: { to: 'broadcast', tags: [], packet } })[0]).toBe('open');
});

test('what comes from the internet may be heard outside and nowhere else', () => {
  const from = { from: 'internet', uplink: 'wlan' };
  expect(verdict({ arrivedAt: [PLACES.uplink] }, from)[0]).toBe('closed');
  for (const place of [PLACES.container2, PLACES.wire1, PLACES.router, PLACES.host]) {
    expect(verdict({ arrivedAt: [place] }, from)[0]).toBe('open');
  }
});

describe('who claims the router’s address', () => {
  const packet = { type: 'arp', sender: '10.0.1.3', target: '10.0.1.3' } as const;
  const claim = (from: string) =>
    ({
      from,
      kind: 'the router’s address taken',
      aim: 'br0net',
      frame: { to: 'broadcast', tags: [], packet },
    }) as const;

  test.each([
    ['container1', PLACES.device1, 'open'],
    ['container1', PLACES.wire1, 'open'],
    ['container1', PLACES.br0, 'closed'],
    ['device1', PLACES.container1, 'open'],
    ['device1', PLACES.wire1, 'closed'],
    ['device1', PLACES.container2, 'open'],
  ] as const)('%s, is believed by whoever hears it: %o', (from, place, expected) => {
    expect(verdict({ arrivedAt: [place] }, claim(from))[0]).toBe(expected);
  });
});

describe('is inconclusive', () => {
  test.each<[string, Partial<BypassObservation>, Partial<BypassAttempt>, BypassControls, string]>([
    ['what could not be sent', { error: 'no way' }, {}, ALL, 'no way'],
    ['what no control was heard for', {}, {}, { ...ALL, heard: new Set(['container1 arp']) }, 'no plain ipv4 frame'],
    ['what a deaf node sent', {}, {}, without('container1'), 'would not have heard an answer'],
    ['what was sent to where nobody listens', {}, {}, without('container2', 'enp2s0.2'), 'listening in br1net'],
    ['at a deaf host', {}, { aim: HOST }, without('the host'), 'listening at the host'],
    ['at a deaf router', {}, { aim: ROUTER_ITSELF }, without('router'), 'listening at the router'],
    ['at a deaf uplink', {}, { aim: OUTSIDE }, without('wlp3s0f0', 'internet'), 'listening outside'],
  ])('%s', (_what, observation, attempt, controls, reason) => {
    expect(verdict(observation, attempt, controls)).toEqual(['inconclusive', expect.stringContaining(reason)]);
  });

  test('what was not measured', () => {
    const [row] = judgeBypasses(article, [ATTEMPT], [], ALL);
    expect(row).toMatchObject({ verdict: 'inconclusive', reason: 'it was not measured' });
  });

  test('but a leak is a leak, whatever else went wrong', () => {
    expect(verdict({ arrivedAt: [PLACES.container2], error: 'no way' }, {}, { heard: new Set(), hearing: [] })[0]).toBe(
      'open',
    );
  });
});

test('where only an answer would tell, nobody else needs to listen', () => {
  expect(verdict({}, { aim: SENDER }, { ...ALL, hearing: [PLACES.container1] })[0]).toBe('closed');
});

describe('the table', () => {
  const rows = (...verdicts: readonly ('closed' | 'open' | 'inconclusive')[]) =>
    verdicts.map((each, index) => ({ attempt: { ...ATTEMPT, id: `${index}` }, verdict: each, reason: '' }));

  test.each([
    [['closed', 'closed'], 'closed'],
    [['closed', 'open', 'inconclusive'], 'open'],
    [['closed', 'inconclusive'], 'inconclusive'],
    [[], 'inconclusive'],
  ] as const)('of %j says %s', (verdicts, expected) => {
    expect(bypassTable(rows(...verdicts)).verdict).toBe(expected);
  });

  test('has a line for each kind that was tried', () => {
    expect(bypassTable(rows('closed', 'open', 'inconclusive')).kinds).toEqual([
      expect.objectContaining({ kind: ATTEMPT.kind, attempts: 3, open: 1, inconclusive: 1 }),
    ]);
  });
});

function without(...names: readonly string[]): BypassControls {
  return { ...ALL, hearing: ALL.hearing.filter(({ name }) => !names.includes(name)) };
}
