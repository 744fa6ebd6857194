import { newsOf, unmeasured } from '../../../../components/isolation-tester/agent/isolation-news.ts';
import type { IsolationReported } from '../../../../lib/shadow/index.ts';

const drop = (to: string, packets: number) => ({ from: 'device1', to, probe: 'udp/53', packets });
const REPORTED: IsolationReported = {
  revision: { id: '1-0123456789ab', sequence: 1, hash: '0123456789ab' },
  verdict: 'isolated',
  counts: { 'as-expected': 28, breach: 0, outage: 0, inconclusive: 0 },
  drops: [drop('internet (8.8.8.8)', 3), drop('10.0.9.1', 1)],
  measuredAt: '2026-01-01T10:00:10.000Z',
  nextAt: '2026-01-01T10:01:10.000Z',
  evidence: { sha256: 'a'.repeat(64), parts: 1 },
  agent: '1.2.3',
};
const ways = { closed: 9, open: 0, inconclusive: 0 };

test.each<[string, Partial<IsolationReported>, boolean]>([
  [
    'measured again, with other evidence',
    { measuredAt: '2026-01-01T10:59:59.000Z', evidence: { sha256: 'b', parts: 1 } },
    false,
  ],
  ['with the bypasses, which are closed', { bypasses: ways }, false],
  ['an hour later', { measuredAt: '2026-01-01T11:00:00.000Z' }, true],
  ['with another verdict', { verdict: 'outage' }, true],
  ['with another number of rows', { counts: { ...REPORTED.counts, 'as-expected': 27, inconclusive: 1 } }, true],
  ['with an open bypass', { bypasses: { ...ways, open: 1 } }, true],
  ['with more of the same dropped', { drops: [drop('internet (8.8.4.4)', 99), drop('10.0.9.2', 9)] }, false],
  ['with drops to somebody else', { drops: [...(REPORTED.drops ?? []), drop('device2', 1)] }, true],
  ['for another policy', { revision: { ...REPORTED.revision, id: '2-0123456789ab' } }, true],
])('the same %s: is it news?', (_what, change, isNews) => {
  expect(newsOf({ ...REPORTED, ...change }).key !== newsOf(REPORTED).key).toBe(isNews);
});

test('a verdict hurries, and so does another policy', () => {
  const headline = (change: Partial<IsolationReported>) => newsOf({ ...REPORTED, ...change }).headline;
  expect(headline({ measuredAt: '2026-01-01T11:00:00.000Z' })).toBe(headline({}));
  expect(headline({ verdict: 'breached' })).not.toBe(headline({}));
});

test('what can’t be measured is inconclusive, and says why', () => {
  const reported = unmeasured('3-0123456789ab', 'Docker: no answer', 0, '1.2.3');
  expect(reported).toMatchObject({
    revision: { id: '3-0123456789ab', sequence: 3 },
    verdict: 'inconclusive',
    failing: [{ outcome: 'inconclusive', reason: 'Docker: no answer' }],
    measuredAt: '1970-01-01T00:00:00.000Z',
  });
});
