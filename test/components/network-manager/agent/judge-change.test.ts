import {
  type AfterChange,
  type Baseline,
  baselineOf,
  judgeChange,
  type MeasuredRow,
} from '../../../../components/network-manager/agent/judge-change.ts';

const ROW: MeasuredRow = {
  id: 'a>b icmp',
  from: 'a',
  to: 'b',
  verdict: 'reachable',
  outcome: 'as-expected',
  reason: 'it was answered',
  isInside: true,
};
const device: MeasuredRow = { ...ROW, id: 'a>device icmp', to: 'device', isInside: false };
const internet: MeasuredRow = { ...ROW, id: 'a>internet icmp', to: 'internet', isInside: false };
const other: MeasuredRow = { ...internet, id: 'new>internet icmp', from: 'new' };
const isolated: MeasuredRow = { ...ROW, id: 'b>a icmp', from: 'b', to: 'a', verdict: 'isolated' };
const out = (row: MeasuredRow): MeasuredRow => ({ ...row, outcome: 'outage', reason: 'nothing came back' });
const unclear = (row: MeasuredRow): MeasuredRow => ({ ...row, outcome: 'inconclusive', reason: 'it was not measured' });

const ALL = [ROW, device, internet, isolated];
const WELL = baselineOf(ALL, true);
const NOTHING: Baseline = { reachable: [], internet: false, cloud: false };
const after = (rows: readonly MeasuredRow[] | null, more: Partial<AfterChange> = {}): AfterChange => ({
  rows,
  cloud: true,
  absent: [],
  ...more,
});

test('what was well before is what was reachable as promised', () => {
  expect(WELL).toEqual({ reachable: [ROW.id, device.id, internet.id], internet: true, cloud: true });
  expect(baselineOf([out(ROW), unclear(device), out(internet)], false)).toEqual(NOTHING);
});

test.each<[string, Baseline, AfterChange, string, RegExp | null]>([
  ['all is well', WELL, after(ALL), 'confirm', null],
  ['nothing was known and all is well', NOTHING, after(ALL), 'confirm', null],
  [
    'a breach, whatever was before',
    NOTHING,
    after([ROW, { ...isolated, outcome: 'breach', reason: 'it answered' }]),
    'roll-back',
    /^breach: b>a icmp: it answered$/,
  ],
  ['an outage within the truck, also of something new', NOTHING, after([out(ROW)]), 'again', /^outage: a>b icmp/],
  ['a device that was well before', WELL, after([ROW, out(device)]), 'again', /^outage: a>device/],
  ['a device that was away before', NOTHING, after([ROW, out(device)]), 'confirm', null],
  ['an internet that was well before', WELL, after([ROW, out(internet)]), 'again', /^outage: a>internet/],
  ['an internet that was away before', NOTHING, after([ROW, out(internet)]), 'confirm', null],
  ['somebody new whom the internet doesn’t answer', WELL, after([internet, out(other)]), 'again', /^outage: new/],
  ['no internet promised any more', WELL, after([ROW, { ...internet, verdict: 'isolated' }]), 'confirm', null],
  ['the cloud that was well before', WELL, after(ALL, { cloud: false }), 'again', /cloud/],
  ['a cloud that was away before', { ...WELL, cloud: false }, after(ALL, { cloud: false }), 'confirm', null],
  ['what is unclear within the truck', WELL, after([unclear(isolated)]), 'again', /^inconclusive: b>a/],
  ['what only a device could show', NOTHING, after([ROW, unclear(device)]), 'confirm', null],
  ['a container of others that isn’t there', WELL, after([unclear(ROW)], { absent: ['a'] }), 'confirm', null],
  ['what couldn’t be measured', WELL, after(null, { problem: 'Docker: no answer' }), 'again', /Docker: no answer/],
])('%s', (_what, before, found, verdict, why) => {
  const judged = judgeChange(before, found);
  expect(judged.verdict).toBe(verdict);
  if (why !== null) expect('why' in judged && judged.why).toMatch(why);
});

test('of many rows the first three are named, and the others counted', () => {
  const rows = Array.from({ length: 5 }, (_, index) => out({ ...ROW, id: `row ${index}` }));
  expect(judgeChange(NOTHING, after(rows))).toMatchObject({
    why: 'outage: row 0: nothing came back; row 1: nothing came back; row 2: nothing came back; and 2 more',
  });
});
