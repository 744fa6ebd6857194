import fc from 'fast-check';
import type { Expectation, Observation, Probe } from '../../../lib/truck/expectation.ts';
import { judge, type Observed, type Outcome } from '../../../lib/truck/judge.ts';

type Arrived = Observation['arrived'];
type Reply = Observation['reply'];

const ADDRESS = '10.0.2.4';
const PROBES: readonly Probe[] = [{ protocol: 'icmp' }, { protocol: 'tcp', port: 443 }, { protocol: 'udp', port: 53 }];

function expectation(id: string, verdict: Expectation['verdict'], more: Partial<Expectation> = {}): Expectation {
  const probe: Probe = { protocol: 'icmp' };
  return { id, from: 'container1', to: 'container2', address: ADDRESS, probe, verdict, because: 'said so', ...more };
}

const answered = (id: string): Observation => ({ id, arrived: true, reply: 'answer' });
const silent = (id: string): Observation => ({ id, arrived: false, reply: 'none' });

/** What two witnesses saw, and what it comes to for each promise. */
interface Case {
  readonly arrived: Arrived;
  readonly reply: Reply;
  readonly observed: Observed;
  /** Isolated was promised, and somebody else got an answer from the target. */
  readonly isolated: Outcome;
  /** Isolated was promised, and nobody got an answer from the target. */
  readonly isolatedUnproved: Outcome;
  readonly reachable: Outcome;
  /** A datagram needs no answer. */
  readonly reachableByUdp: Outcome;
}

function* cases(table: string): Iterable<Case> {
  for (const line of table.trim().split('\n')) {
    const [arrived, reply, observed, isolated, isolatedUnproved, reachable, reachableByUdp] = line.trim().split(/\s+/);
    yield {
      arrived: arrived === 'yes' ? true : arrived === 'no' ? false : null,
      reply,
      observed,
      isolated,
      isolatedUnproved,
      reachable,
      reachableByUdp,
    } as Case;
  }
}

//        arrived  reply     observed     isolated     unproved      reachable    by UDP
const SOUND = [
  ...cases(`
          yes      answer    reachable    breach       breach        as-expected  as-expected
          yes      refused   no-listener  breach       breach        as-expected  as-expected
          yes      rejected  reachable    breach       breach        outage       as-expected
          yes      none      reachable    breach       breach        outage       as-expected
          no       answer    reachable    breach       breach        outage       outage
          no       refused   no-listener  breach       breach        outage       outage
          no       rejected  rejected     as-expected  inconclusive  outage       outage
          no       none      dropped      as-expected  inconclusive  outage       outage
          unheard  answer    reachable    breach       breach        as-expected  as-expected
          unheard  refused   no-listener  breach       breach        as-expected  as-expected
          unheard  rejected  rejected     as-expected  inconclusive  outage       outage
          unheard  none      dropped      as-expected  inconclusive  outage       outage`),
];

/** The same when the probe itself failed: nothing is proved by it, but a leak that was seen was seen. */
const FAILED = [
  ...cases(`
          yes      answer    reachable    breach       breach        inconclusive inconclusive
          yes      refused   no-listener  breach       breach        inconclusive inconclusive
          yes      rejected  reachable    breach       breach        inconclusive inconclusive
          yes      none      reachable    breach       breach        inconclusive inconclusive
          no       answer    reachable    breach       breach        inconclusive inconclusive
          no       refused   no-listener  breach       breach        inconclusive inconclusive
          no       rejected  probe-failed inconclusive inconclusive  inconclusive inconclusive
          no       none      probe-failed inconclusive inconclusive  inconclusive inconclusive
          unheard  answer    reachable    breach       breach        inconclusive inconclusive
          unheard  refused   no-listener  breach       breach        inconclusive inconclusive
          unheard  rejected  probe-failed inconclusive inconclusive  inconclusive inconclusive
          unheard  none      probe-failed inconclusive inconclusive  inconclusive inconclusive`),
];

const VERDICT = { 'as-expected': 'isolated', breach: 'breached', outage: 'outage', inconclusive: 'inconclusive' };

describe.each([
  ['a probe', SOUND, {}],
  ['a probe that failed', FAILED, { error: '3 frames were lost' }],
] as const)('%s', (_what, table, error) => {
  const observation = ({ arrived, reply }: Case): Observation => ({ id: 'row', arrived, reply, ...error });

  test.each(table)('that arrived: $arrived, and came back as $reply, was observed as $observed', (row) => {
    for (const verdict of ['isolated', 'reachable'] as const) {
      const { rows } = judge([expectation('row', verdict)], [observation(row)]);
      expect(rows[0]?.observed).toBe(row.observed);
    }
  });

  test.each(table)('that arrived: $arrived, $reply, against "isolated" is $isolated', (row) => {
    const control = expectation('control', 'reachable', { from: 'router' });
    for (const probe of PROBES) {
      const promise = expectation('row', 'isolated', { probe });
      const matrix = judge([promise], [observation(row), answered('control')], [control]);
      expect(matrix.rows[0]?.outcome).toBe(row.isolated);
      expect(matrix.verdict).toBe(VERDICT[row.isolated]);
    }
  });

  test.each(table)(
    'that arrived: $arrived, $reply, against "isolated" without proof of life is $isolatedUnproved',
    (row) => {
      for (const probe of PROBES) {
        const matrix = judge([expectation('row', 'isolated', { probe })], [observation(row)]);
        expect(matrix.rows[0]?.outcome).toBe(row.isolatedUnproved);
        expect(matrix.verdict).toBe(VERDICT[row.isolatedUnproved]);
      }
    },
  );

  test.each(table)(
    'that arrived: $arrived, $reply, against "reachable" is $reachable, by UDP $reachableByUdp',
    (row) => {
      for (const probe of PROBES) {
        const matrix = judge([expectation('row', 'reachable', { probe })], [observation(row)]);
        const outcome = probe.protocol === 'udp' ? row.reachableByUdp : row.reachable;
        expect(matrix.rows[0]?.outcome).toBe(outcome);
        expect(matrix.verdict).toBe(VERDICT[outcome]);
      }
    },
  );
});

test('the tables hold every combination', () => {
  for (const table of [SOUND, FAILED]) {
    expect(new Set(table.map(({ arrived, reply }) => `${arrived} ${reply}`)).size).toBe(3 * 4);
  }
});

describe('the silence of a target', () => {
  const promise = expectation('row', 'isolated');
  const control = expectation('control', 'reachable', { from: 'router' });

  test.each<[string, readonly Observation[]]>([
    ['the control was not measured', []],
    ['the control got no answer', [silent('control')]],
    ['the control was rejected', [{ id: 'control', arrived: null, reply: 'rejected' }]],
    ['the control failed', [{ id: 'control', arrived: null, reply: 'none', error: 'no such namespace' }]],
    ['the control failed, though it was answered', [{ ...answered('control'), error: '2 frames were lost' }]],
    ['somebody else answered the control', [{ id: 'control', arrived: false, reply: 'answer' }]],
    ['somebody else refused the control', [{ id: 'control', arrived: false, reply: 'refused' }]],
  ])('proves nothing if %s', (_what, controls) => {
    const { verdict, counts } = judge([promise], [silent('row'), ...controls], [control]);
    expect(verdict).toBe('inconclusive');
    expect(counts.inconclusive).toBe(1);
  });

  test.each<[string, Observation]>([
    ['it answered the control', answered('control')],
    ['it refused the control', { id: 'control', arrived: true, reply: 'refused' }],
    ['the control arrived there, whatever came back', { id: 'control', arrived: true, reply: 'none' }],
    ['it answered, and nobody of ours listens there', { id: 'control', arrived: null, reply: 'answer' }],
  ])('counts if %s', (_what, observation) => {
    expect(judge([promise], [silent('row'), observation], [control]).verdict).toBe('isolated');
  });

  test('counts if somebody who may reach it got an answer', () => {
    const other = expectation('other', 'reachable', { from: 'device2' });
    expect(judge([promise, other], [silent('row'), answered('other')]).verdict).toBe('isolated');
  });

  test('proves nothing if only another of its addresses, or another node, answered', () => {
    const elsewhere = [expectation('control', 'reachable', { address: '10.0.2.5' })];
    const namesake = [expectation('control', 'reachable', { to: 'router' })];
    for (const controls of [elsewhere, namesake]) {
      expect(judge([promise], [silent('row'), answered('control')], controls).verdict).toBe('inconclusive');
    }
  });
});

test('a control is no row, so a control that fails fails nothing else', () => {
  const held = expectation('held', 'reachable');
  const control = expectation('control', 'reachable', { to: 'router', address: '10.0.1.3' });
  const { rows, verdict } = judge([held], [answered('held'), silent('control')], [control]);
  expect(rows.map((row) => row.expectation.id)).toEqual(['held']);
  expect(verdict).toBe('isolated');
});

test('nothing measured is nothing proved', () => {
  expect(judge([], [])).toEqual({
    rows: [],
    counts: { 'as-expected': 0, breach: 0, outage: 0, inconclusive: 0 },
    verdict: 'inconclusive',
  });
});

test('what was not measured is said to be so', () => {
  const { rows, verdict } = judge([expectation('row', 'reachable')], [answered('another')]);
  expect(rows).toEqual([
    {
      expectation: expectation('row', 'reachable'),
      observed: 'probe-failed',
      outcome: 'inconclusive',
      reason: 'it was not measured',
    },
  ]);
  expect(verdict).toBe('inconclusive');
});

describe('any matrix', () => {
  const observed = fc.record({
    arrived: fc.constantFrom<Arrived>(true, false, null),
    reply: fc.constantFrom<Reply>('answer', 'refused', 'rejected', 'none'),
    failed: fc.nat(9).map((dice) => dice === 0),
    measured: fc.nat(9).map((dice) => dice > 0),
  });
  const promised = fc.record({
    verdict: fc.constantFrom<Expectation['verdict']>('reachable', 'isolated'),
    address: fc.constantFrom('10.0.1.4', ADDRESS),
    probe: fc.constantFrom(...PROBES),
  });
  /** Mostly true to what was promised, or no matrix of some size would ever hold. */
  const row = fc.tuple(
    promised,
    fc.oneof({ weight: 1, arbitrary: observed }, { weight: 4, arbitrary: fc.constant(null) }),
  );
  const matrix = fc.array(row, { minLength: 1, maxLength: 12 }).map((drawn) => {
    const expectations = drawn.map(([{ verdict, ...more }], index) => expectation(`row ${index}`, verdict, more));
    const observations = expectations.flatMap((promise, index): readonly Observation[] => {
      const seen = drawn[index]?.[1] ?? null;
      if (seen === null) return [promise.verdict === 'reachable' ? answered(promise.id) : silent(promise.id)];
      const { arrived, reply, failed, measured } = seen;
      return measured ? [{ id: promise.id, arrived, reply, ...(failed ? { error: 'it failed' } : {}) }] : [];
    });
    return { expectations, observations };
  });

  const isLeak = ({ verdict }: Expectation, seen: Observation | undefined) =>
    verdict === 'isolated' && (seen?.arrived === true || seen?.reply === 'answer' || seen?.reply === 'refused');

  test('is isolated only if every single row is as expected, was measured, did not fail and leaks nowhere', () => {
    let isolated = 0;
    fc.assert(
      fc.property(matrix, ({ expectations, observations }) => {
        const { rows, verdict } = judge(expectations, observations);
        if (verdict !== 'isolated') return;
        isolated++;
        for (const { expectation: promise, observation, outcome } of rows) {
          expect(outcome).toBe('as-expected');
          expect(observation?.error).toBeUndefined();
          expect(observation?.id).toBe(promise.id);
          expect(isLeak(promise, observation)).toBe(false);
        }
      }),
      { numRuns: 1000 },
    );
    expect(isolated).toBeGreaterThan(0);
  });

  test('is breached if, and only if, there is a leak', () => {
    fc.assert(
      fc.property(matrix, ({ expectations, observations }) => {
        const byId = new Map(observations.map((observation) => [observation.id, observation]));
        const leaks = expectations.filter((promise) => isLeak(promise, byId.get(promise.id)));
        const { rows, verdict, counts } = judge(expectations, observations);
        expect(verdict === 'breached').toBe(leaks.length > 0);
        expect(rows.filter(({ outcome }) => outcome === 'breach').map((row) => row.expectation)).toEqual(leaks);
        expect(counts.breach).toBe(leaks.length);
      }),
      { numRuns: 1000 },
    );
  });

  test('has a row for each expectation, in its order, counted once, with a reason', () => {
    fc.assert(
      fc.property(matrix, ({ expectations, observations }) => {
        const { rows, counts } = judge(expectations, observations);
        expect(rows.map((judged) => judged.expectation)).toEqual(expectations);
        for (const outcome of Object.keys(counts) as Outcome[]) {
          expect(counts[outcome]).toBe(rows.filter((judged) => judged.outcome === outcome).length);
        }
        for (const { reason } of rows) expect(reason).toMatch(/\S/);
      }),
    );
  });

  test('is never isolated when one observation is lost or fails', () => {
    fc.assert(
      fc.property(matrix, fc.nat(), ({ expectations, observations }, place) => {
        const lost = observations.filter((_, index) => index !== place % observations.length);
        const failed = observations.map((observation, index) =>
          index === place % observations.length ? { ...observation, error: 'it failed' } : observation,
        );
        fc.pre(observations.length > 0);
        expect(judge(expectations, lost).verdict).not.toBe('isolated');
        expect(judge(expectations, failed).verdict).not.toBe('isolated');
      }),
    );
  });

  test('does not depend on the order of observations', () => {
    fc.assert(
      fc.property(matrix, ({ expectations, observations }) => {
        expect(judge(expectations, [...observations].reverse())).toEqual(judge(expectations, observations));
      }),
    );
  });
});
