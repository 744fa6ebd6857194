import * as fc from 'fast-check';
import { changeFigures, memoryFigures, trafficFigures } from '../../bench/served/figures.ts';
import { isLoaded, milestoneIn } from '../../bench/served/milestones.ts';
import { hourly, largestOf, publishedBytes, untilQuietMs } from '../../bench/served/traffic.ts';
import { parseUsage } from '../../bench/usage.ts';
import { HEARTBEAT_MS } from '../../lib/shadow/reporting.ts';

const WISHED = { thing: 'truck', wish: 'abc', revision: '1-0123' };
const NETWORK = '$aws/things/truck/shadow/name/network/update/documents';
const ISOLATION = '$aws/things/truck/shadow/name/isolation/update/documents';
const EVIDENCE = 'firebreak/truck/isolation/evidence';
const bytes = (value: unknown) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
const documents = (reported: object) => bytes({ current: { state: { reported }, version: 7 } });
const network = (status: string, more: object = {}) => documents({ status, desired: { id: 'abc' }, ...more });

describe('of a change is seen', () => {
  const isolation = { verdict: 'isolated', counts: {}, measuredAt: '2026-11-25T09:30:00.000Z' };
  const revision = { sequence: 1, hash: '0123', id: '1-0123' };
  test.each([
    ['that it is reported', NETWORK, network('applied'), 'reported'],
    ['nothing while it is applied', NETWORK, network('applying'), null],
    ['nothing in another wish', NETWORK, documents({ status: 'applied', desired: { id: 'abd' } }), null],
    ['that it is measured', ISOLATION, documents({ ...isolation, revision }), 'measured'],
    ['nothing in another revision', ISOLATION, documents({ ...isolation, revision: { ...revision, id: '1-4' } }), null],
    ['that it is evident', EVIDENCE, bytes({ revision: '1-0123' }), 'evident'],
    ['nothing in evidence of another revision', EVIDENCE, bytes({ revision: '1-4' }), null],
    ['nothing in what nobody understands', EVIDENCE, bytes('{'), null],
    ['nothing in a shadow that nobody understands', NETWORK, bytes('{'), null],
    ['nothing in requests', NETWORK.replace('/documents', ''), bytes({ state: { desired: {} } }), null],
  ])('%s', (_what, topic, payload, expected) => expect(milestoneIn(topic, payload, WISHED)).toBe(expected));

  test.each(['refused', 'rolled-back', 'failed'])('that it is %s, and why', (status) => {
    const problems = [{ severity: 'error', path: 'desired.policy', message: 'no' }];
    const said = network(status, { why: 'so it is', problems });
    expect(() => milestoneIn(NETWORK, said, WISHED)).toThrow(`the truck says ${status}: so it is; desired.policy: no`);
  });
});

test('a ruleset is in force when the monitor shows its fingerprint being added, not deleted, and none but its own', () => {
  const line = 'add rule inet firebreak revision counter packets 0 bytes 0 comment "firebreak 0123456789ab"';
  expect(isLoaded(line, '0123456789ab')).toBe(true);
  expect(isLoaded(line, '0123456789ac')).toBe(false);
  expect(isLoaded(line.replace('add', 'delete'), '0123456789ab')).toBe(false);
  expect(isLoaded('# new generation 2 by process 10627 (nft)', '0123456789ab')).toBe(false);
});

describe('the traffic of an hour', () => {
  const idle = { seconds: 600, sentBytes: 1000, receivedBytes: 500, messages: [{ topic: 't', bytes: 1 }] };

  test('is that of the window, scaled, when nothing is reported', () => {
    expect(hourly(idle, [])).toEqual({ sentBytes: 6000, receivedBytes: 3000, messages: 6 });
  });

  test('has each message of a heartbeat in it once, and its acknowledgement', () => {
    const report = { topic: 'topic', bytes: 100 };
    const { sentBytes, receivedBytes, messages } = hourly(idle, [report, report]);
    expect(sentBytes - 6000).toBe(2 * publishedBytes(report));
    expect(receivedBytes - 3000).toBe(2 * 78);
    expect(messages).toBe(8);
  });
});

test.each([
  // 2 + 2 + payload + topic, a header of 2 or 3 bytes, TLS 22, TCP/IP 52 for each 1,448.
  [{ topic: 'topic', bytes: 100 }, 185],
  [{ topic: 'topic', bytes: 200 }, 286],
  [{ topic: 'topic', bytes: 2000 }, 2138],
])('%j takes %p bytes on the wire', (message, expected) => expect(publishedBytes(message)).toBe(expected));

test('of each topic the largest message stands for all; of one that was not heard there is none', () => {
  const heard = [
    { topic: 'a', bytes: 1 },
    { topic: 'a', bytes: 3 },
    { topic: 'b', bytes: 2 },
    { topic: 'a', bytes: 2 },
  ];
  expect(largestOf(['a', 'c'], heard)).toEqual([{ topic: 'a', bytes: 3 }]);
});

test('a window that is waited for has no heartbeat in it, and is not waited for any longer than that takes', () => {
  const settleMs = 180_000;
  void fc.assert(
    fc.property(fc.nat(2 * HEARTBEAT_MS), fc.integer({ min: 1, max: HEARTBEAT_MS - settleMs }), (now, windowMs) => {
      const waitMs = untilQuietMs(now, windowMs, settleMs);
      const since = (now + waitMs) % HEARTBEAT_MS;
      expect(since).toBeGreaterThanOrEqual(settleMs);
      expect(since + windowMs).toBeLessThanOrEqual(HEARTBEAT_MS);
      if (waitMs > 0) expect(since).toBe(settleMs);
    }),
  );
});

test('changes become two figures with two percentiles each, all against the floor of the same round', () => {
  const changes = [1, 2, 3].map((round) => ({
    ...{ enforced: 100 * round, reported: 1000 * round, measured: 0, evident: 0 },
    ...{ roundTrip: 2, load: 8, messages: [] },
  }));
  const figures = changeFigures(changes);
  expect(figures.map(({ what }) => what)).toEqual([
    'shadow update → enforced, p50',
    'shadow update → enforced, p95',
    'shadow update → reported, p50',
    'shadow update → reported, p95',
  ]);
  for (const { rivals } of figures) expect(rivals[0]?.samples).toEqual([10, 10, 10]);
  expect(figures.map(({ percentile }) => percentile)).toEqual([undefined, 0.95, undefined, 0.95]);
});

test('a component may have 60 MB; what it uses is read from lines of a name and a number', () => {
  const [resident, unshared] = memoryFigures('network manager', parseUsage('rss 50000\nprivate 20000\npeak 60000\n'));
  expect([resident?.own, resident?.limit]).toEqual([[51.2], { atMost: 60 }]);
  expect([unshared?.own, unshared?.limit]).toEqual([[20.48], undefined]);
});

test('what an idle truck sends is told with the window that it is from', () => {
  const [sent] = trafficFigures({ sentBytes: 6000, receivedBytes: 3000, messages: 2 }, 600);
  expect(sent).toMatchObject({ what: 'an idle truck sends (from 600 s)', unit: 'KB/h', own: [6] });
});
