import { mayBeHeard } from '../../../../lib/lab/flood/allowed.ts';
import { concern } from '../../../../lib/lab/flood/concern.ts';
import { judgeFlood } from '../../../../lib/lab/flood/judge.ts';
import type { FloodReport, Stream, Tally } from '../../../../lib/lab/flood/stream.ts';
import { streamsOf } from '../../../../lib/lab/flood/streams.ts';
import type { Policy } from '../../../../lib/policy/index.ts';
import { example } from '../../truck/support.ts';

const article = example('article.yaml');
const opened: Policy = {
  ...article,
  flows: [{ name: 'open', from: 'container1', to: 'container2', protocol: 'icmp', ports: [] }],
};
const sealed: Policy = { ...article, segments: article.segments.map((segment) => ({ ...segment, internet: false })) };

const ping = (from: string, to: string): Stream => ({
  ...{ name: `${from} pings ${to}`, from, to, everyMs: 1 },
  packets: { kind: 'pings' },
});
const frames = (from: string, source: string, to: string): Stream => ({
  ...{ name: `${from} at ${to}`, from, to, everyMs: 1 },
  packets: { kind: 'frames', source, macs: [], protocol: 'udp', port: 7 },
});
const ACROSS = ping('container1', '10.0.2.4');
const WITHIN = ping('container1', '10.0.1.5');
const OUT = ping('container1', '8.8.8.8');

const tally = (stream: Stream, phase: string, more: Partial<Tally> = {}): Tally => ({
  ...{ stream, phase, sent: 100, unsent: 0, heard: {}, answers: {}, ranMs: 100, longestPauseMs: 1 },
  ...more,
});
const report = (...tallies: readonly Tally[]): FloodReport => ({ tallies, lostFrames: 0 });
const noExcuse = () => null;
/** Everything came. */
const fine = (stream: Stream, phase: string, at: string) =>
  tally(stream, phase, { heard: { [at]: 100 }, answers: { [stream.from]: 100 } });

describe('where a packet may be heard', () => {
  test.each<[Policy, Stream, string, boolean, string]>([
    [article, ACROSS, 'container2', false, 'segments are apart'],
    [opened, ACROSS, 'container2', true, 'a flow joins them'],
    [opened, ACROSS, 'device2', true, 'a switch may send it to everybody in the target’s segment'],
    [opened, ACROSS, 'internet', false, 'it has no business there'],
    [opened, ping('device1', '10.0.2.4'), 'container2', false, 'the flow is not the device’s'],
    [article, ACROSS, 'device1', true, 'its own segment'],
    [article, OUT, 'internet', true, 'its segment has internet'],
    [article, OUT, 'container2', false, 'the internet is elsewhere'],
    [sealed, OUT, 'internet', false, 'its segment has none'],
    [opened, frames('container1', '10.0.1.4', '10.0.2.4'), 'container2', false, 'the flow is for pings'],
    [article, frames('container1', '10.0.2.9', '10.0.2.4'), 'container2', false, 'a source of another segment'],
    [
      article,
      frames('container1', '10.0.1.9', '8.8.8.8'),
      'internet',
      true,
      'nobody’s address in a segment with internet',
    ],
    [article, frames('container1', '10.0.1.3', '8.8.8.8'), 'internet', false, 'the router’s address'],
    [article, ping('container1', '10.9.9.9'), 'container2', false, 'nobody has the target address'],
    [article, ping('stranger', '10.0.2.4'), 'container2', false, 'nobody knows the sender'],
  ])('%#: %s %s at %s', (policy, stream, place, heard) => {
    expect(mayBeHeard(policy, stream, place)).toBe(heard);
  });
});

test('heard where neither the old policy nor the new one lets it be: forbidden', () => {
  const during = report(tally(ACROSS, 'during', { heard: { container2: 3 } }));
  expect(judgeFlood(during, { during: [article, sealed] }, noExcuse).forbidden).toEqual([
    {
      stream: 'container1 pings 10.0.2.4 (10.0.2.4)',
      phase: 'during',
      packets: 3,
      of: 100,
      what: 'heard at container2',
    },
  ]);
  expect(judgeFlood(during, { during: [article, opened] }, noExcuse).forbidden).toEqual([]);
});

test('an answer that was heard where it may not be is forbidden, too', () => {
  const during = report(tally(WITHIN, 'during', { answers: { container1: 100, container2: 1 } }));
  expect(judgeFlood(during, { during: [article] }, noExcuse).forbidden).toMatchObject([
    { packets: 1, what: 'answers heard at container2' },
  ]);
});

test('what the new policy allows is forbidden before the change, and what the old one allowed after it', () => {
  const heard = { heard: { container2: 1 } };
  const all = report(tally(ACROSS, 'before', heard), tally(ACROSS, 'during', heard), tally(ACROSS, 'after', heard));
  const opening = judgeFlood(all, { before: [article], during: [article, opened], after: [opened] }, noExcuse);
  expect(opening.forbidden.map(({ phase }) => phase)).toEqual(['before']);
  const closing = judgeFlood(all, { before: [opened], during: [opened, article], after: [article] }, noExcuse);
  expect(closing.forbidden.map(({ phase }) => phase)).toEqual(['after']);
});

test('a conversation that all policies allow may lose nothing, neither on its way nor back, unless it is excused', () => {
  const lossy = report(tally(WITHIN, 'during', { heard: { device1: 99 }, answers: { container1: 98 } }));
  const { lost, due } = judgeFlood(lossy, { during: [article, opened] }, noExcuse);
  expect(lost.map(({ packets, what }) => [packets, what])).toEqual([
    [1, 'missing at device1'],
    [2, 'answers missing at container1'],
  ]);
  expect(due).toBe(200);
  expect(judgeFlood(lossy, { during: [article, opened] }, () => 'its end is made anew').lost).toEqual([]);
});

test('what could not be sent is lost', () => {
  const mute = report(tally(WITHIN, 'during', { sent: 0, unsent: 4 }));
  expect(judgeFlood(mute, { during: [article] }, noExcuse).lost).toMatchObject([
    { packets: 4, what: 'could not be sent' },
  ]);
});

test('a conversation that one of the policies forbids may lose everything', () => {
  expect(judgeFlood(report(tally(OUT, 'during')), { during: [article, sealed] }, noExcuse).lost).toEqual([]);
});

test('listeners that lost frames prove nothing', () => {
  const { inconclusive } = judgeFlood({ tallies: [], lostFrames: 7 }, {}, noExcuse);
  expect(inconclusive).toEqual(['listeners lost 7 frames']);
});

test('silence proves nothing at a place that heard nothing at all, nor when nothing was sent', () => {
  const silent = judgeFlood(report(tally(ACROSS, 'before')), { before: [article] }, noExcuse);
  expect(silent.inconclusive).toEqual(['container1 pings 10.0.2.4 (10.0.2.4): container2 heard nothing at all before']);
  const mute = judgeFlood(report(tally(ACROSS, 'before', { sent: 0, unsent: 9 })), { before: [article] }, noExcuse);
  expect(mute.inconclusive).toEqual(['container1 pings 10.0.2.4 (10.0.2.4): nothing was sent before']);
  const control = fine(ping('device2', '10.0.2.4'), 'before', 'container2');
  expect(judgeFlood(report(tally(ACROSS, 'before'), control), { before: [article] }, noExcuse)).toMatchObject({
    ...{ forbidden: [], lost: [], inconclusive: [], forbiddenSent: 100 },
  });
});

describe('whom a change concerns', () => {
  const [br0net, br1net] = article.segments;
  if (br0net === undefined || br1net === undefined) throw new Error('the article has two segments');
  const withSecond = (change: Partial<typeof br1net>): Policy => ({
    ...article,
    segments: [br0net, { ...br1net, ...change }],
  });
  const IN_SECOND = ping('container2', '10.0.2.5');
  const OUT_OF_SECOND = ping('container2', '8.8.8.8');

  test.each<[string, Policy, Stream, boolean]>([
    ['a flow opened', opened, WITHIN, false],
    ['a flow opened, and the conversation leaves', opened, OUT, false],
    ['another segment’s VLAN', withSecond({ vlan: 7, vlanInterface: 'enp2s0.7' }), WITHIN, false],
    [
      'another segment’s VLAN, and the conversation leaves',
      withSecond({ vlan: 7, vlanInterface: 'enp2s0.7' }),
      OUT,
      false,
    ],
    ['its segment’s VLAN, to a device', withSecond({ vlan: 7, vlanInterface: 'enp2s0.7' }), IN_SECOND, true],
    ['the router’s address, within the segment', withSecond({ router: '10.0.2.9' }), IN_SECOND, false],
    ['the router’s address, out of the segment', withSecond({ router: '10.0.2.9' }), OUT_OF_SECOND, true],
    ['the router’s address in another segment', withSecond({ router: '10.0.2.9' }), OUT, false],
    ['the gateway: the network is made anew', withSecond({ gateway: '10.0.2.9' }), IN_SECOND, true],
    ['the segment is gone', { ...article, segments: [br0net] }, IN_SECOND, true],
    ['the uplink', { ...article, uplinks: [] }, OUT, true],
    ['the uplink, within a segment', { ...article, uplinks: [] }, WITHIN, false],
    ['an end', { ...article, nodes: article.nodes.map((node) => ({ ...node, address: '10.0.1.77' })) }, WITHIN, true],
  ])('%s', (_what, after, stream, concerned) => {
    expect(concern(article, after, stream) !== null).toBe(concerned);
  });
});

test('no stream that is sent as forbidden is allowed, and all targets of such are parts of conversations, by which they are known to hear', () => {
  for (const policy of [article, opened, sealed, example('station.yaml')]) {
    const streams = streamsOf([policy], { trunkMac: '02:00:00:00:00:01', pace: 'together' });
    const talking = new Set(streams.flatMap(({ from, to, packets }) => (packets.kind === 'frames' ? [] : [from, to])));
    const attacks = streams.filter(({ packets }) => packets.kind === 'frames');
    expect(attacks.length).toBeGreaterThan(8);
    for (const stream of attacks) {
      const place = policy.nodes.find(({ address }) => address === stream.to)?.name ?? 'internet';
      expect(mayBeHeard(policy, stream, place)).toBe(false);
      if (place !== 'internet') expect(talking.has(place) || talking.has(stream.to)).toBe(true);
      expect(stream.everyMs).toBe(attacks.length);
    }
  }
});
