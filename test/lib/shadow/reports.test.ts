import fc from 'fast-check';
import type { Problem } from '../../../lib/policy/index.ts';
import {
  isolationReported,
  jsonBytes,
  type NetworkState,
  networkReported,
  replacing,
} from '../../../lib/shadow/index.ts';
import { DESIRED_BYTES, ISOLATION_BYTES, REPORTED_BYTES, SHADOW_BYTES } from '../../../lib/shadow/limits.ts';
import type { Expectation } from '../../../lib/truck/expectation.ts';
import { judge, type Matrix } from '../../../lib/truck/judge.ts';
import { type BypassRow, bypassTable } from '../../../lib/truck/judge-bypasses.ts';
import { expectTaken, updated } from './shadow-service.ts';

const REVISION = { sequence: 7, hash: '0123456789ab', id: '7-0123456789ab' };
const NEXT = { sequence: 8, hash: 'ba9876543210', id: '8-ba9876543210' };
const AT = Date.UTC(2026, 10, 25, 9, 30);
/** Whatever a message may hold: long, and dear in JSON. */
const text = () => fc.oneof(fc.string({ maxLength: 2000, unit: 'binary' }), fc.string({ maxLength: 60 }));
const revision = () =>
  fc.constantFrom(REVISION, {
    ...NEXT,
    sequence: Number.MAX_SAFE_INTEGER,
    id: `${Number.MAX_SAFE_INTEGER}-ba9876543210`,
  });

describe('network: what is reported', () => {
  test('of a policy in force is its revision and little else', () => {
    expect(networkReported({ status: 'applied', revision: REVISION, agent: '0.1.0', at: AT })).toEqual({
      status: 'applied',
      revision: REVISION,
      agent: '0.1.0',
      at: '2026-11-25T09:30:00.000Z',
    });
  });

  test('of a refused one is what is wrong with it, and which it was', () => {
    const problems: Problem[] = [{ severity: 'error', path: 'desired.policy.trunk', message: 'It is missing.' }];
    const desired = { id: 'abcdefabcdef' };
    const state = { status: 'refused', revision: REVISION, desired, problems, agent: '0.1.0', at: AT } as const;
    expect(networkReported(state)).toMatchObject({ status: 'refused', revision: REVISION, desired, problems });
  });

  test('of one that was rolled back is why', () => {
    const why = 'nft: refused';
    const state = { status: 'rolled-back', revision: REVISION, desired: { id: 'a', revision: NEXT }, why } as const;
    expect(networkReported({ ...state, agent: '0.1.0', at: AT })).toMatchObject(state);
  });

  test('of drift is how much was repaired, and the last steps', () => {
    const drift = { repaired: 3, steps: ['link enp2s0.10: up', 'host: a = 1'], at: AT };
    expect(networkReported({ status: 'applied', drift, agent: '0.1.0', at: AT })).toMatchObject({
      drift: { repaired: 3, at: '2026-11-25T09:30:00.000Z' },
      repairs: drift.steps,
    });
  });

  test('of 1,000 problems is the first ones, and how many more there are', () => {
    const problems = Array.from({ length: 1000 }, (_, index): Problem => {
      return {
        severity: 'error',
        path: `desired.policy.flows.f${index}.to`,
        message: 'There is no node or segment "x".',
      };
    });
    const { problems: shown = [], moreProblems = 0 } = networkReported({
      status: 'refused',
      problems,
      agent: '0.1.0',
      at: AT,
    });
    expect(shown).toEqual(problems.slice(0, shown.length));
    expect(shown.length).toBeGreaterThan(10);
    expect(shown.length + moreProblems).toBe(1000);
  });

  const state = (): fc.Arbitrary<NetworkState> =>
    fc.record(
      {
        status: fc.constantFrom('no-policy', 'applying', 'applied', 'rolled-back', 'refused', 'failed'),
        revision: revision(),
        desired: fc.record({ id: fc.constant('0123456789ab'), revision: revision() }),
        why: text(),
        problems: fc.array(
          fc.record({ severity: fc.constantFrom('error', 'warning'), path: text(), message: text() }),
          { maxLength: 40 },
        ),
        drift: fc.record({
          repaired: fc.maxSafeNat(),
          steps: fc.array(text(), { maxLength: 40 }),
          at: fc.constant(AT),
        }),
        agent: text(),
        at: fc.constant(AT),
      },
      { requiredKeys: ['status', 'agent', 'at'] },
    );

  test('fits, whatever it is, beside whatever desired this project writes; nothing is hidden without a count', () => {
    fc.assert(
      fc.property(state(), (told) => {
        const reported = networkReported(told);
        expectTaken({ policyGzip: 'x'.repeat(DESIRED_BYTES - 17) }, reported);
        expect(jsonBytes(reported)).toBeLessThanOrEqual(REPORTED_BYTES);
        expect((reported.problems?.length ?? 0) + (reported.moreProblems ?? 0)).toBe(told.problems?.length ?? 0);
        expect((reported.repairs?.length ?? 0) + (reported.moreRepairs ?? 0)).toBe(told.drift?.steps.length ?? 0);
      }),
    );
  });

  test('gets shorter beside a desired that somebody else made too large', () => {
    fc.assert(
      fc.property(state(), fc.integer({ min: 0, max: SHADOW_BYTES - 1400 }), (told, bytes) => {
        expect(jsonBytes(networkReported(told, bytes)) + bytes).toBeLessThanOrEqual(SHADOW_BYTES);
      }),
    );
  });
});

const MATRIX_ROW = (from: string, to: string, verdict: Expectation['verdict']): Expectation => ({
  id: `${from}>${to} icmp`,
  from,
  to,
  address: '10.0.0.1',
  probe: { protocol: 'icmp' },
  verdict,
  because: 'no flow',
});
/** One row of each outcome, in the order in which they matter least. */
function mixed(): Matrix {
  const expectations = [
    MATRIX_ROW('a', 'b', 'reachable'),
    MATRIX_ROW('b', 'c', 'isolated'),
    MATRIX_ROW('c', 'd', 'reachable'),
    MATRIX_ROW('d', 'a', 'isolated'),
  ];
  return judge(expectations, [
    { id: 'a>b icmp', arrived: true, reply: 'answer' },
    { id: 'b>c icmp', arrived: false, reply: 'none' },
    { id: 'c>d icmp', arrived: false, reply: 'none' },
    { id: 'd>a icmp', arrived: true, reply: 'answer' },
  ]);
}
const isolated = () => judge([MATRIX_ROW('a', 'b', 'reachable')], [{ id: 'a>b icmp', arrived: true, reply: 'answer' }]);
function bypasses(...verdicts: readonly BypassRow['verdict'][]) {
  return bypassTable(
    verdicts.map((verdict, index) => ({
      attempt: {
        id: `IPv6: a>${index}`,
        kind: 'IPv6' as const,
        from: 'a',
        aim: 'cab',
        because: 'nobody speaks it',
        frame: { to: 'group', tags: [], packet: { type: 'ipv6', destination: 'ff02::1', protocol: 'udp' } },
      },
      verdict,
      reason: 'a test says so',
    })),
  );
}

describe('isolation: what is reported', () => {
  const state = { revision: REVISION, measuredAt: AT, agent: '0.1.0' };

  test('of a truck that is isolated is that, and when it will be measured again', () => {
    const evidence = { sha256: 'f'.repeat(64), parts: 1 };
    const told = { ...state, matrix: isolated(), bypasses: bypasses('closed'), nextAt: AT + 60_000, evidence };
    expect(isolationReported(told)).toEqual({
      revision: REVISION,
      verdict: 'isolated',
      counts: { 'as-expected': 1, breach: 0, outage: 0, inconclusive: 0 },
      bypasses: { closed: 1, open: 0, inconclusive: 0 },
      measuredAt: '2026-11-25T09:30:00.000Z',
      nextAt: '2026-11-25T09:31:00.000Z',
      evidence,
      agent: '0.1.0',
    });
  });

  test('of one that isn’t is each failing pair with its reason, breaches first', () => {
    const { verdict, failing = [] } = isolationReported({ ...state, matrix: mixed() });
    expect(verdict).toBe('breached');
    expect(failing.map(({ from, to, outcome }) => [from, to, outcome])).toEqual([
      ['d', 'a', 'breach'],
      ['c', 'd', 'outage'],
      ['b', 'c', 'inconclusive'],
    ]);
    expect(failing[0]).toEqual({
      from: 'd',
      to: 'a',
      probe: 'icmp',
      expected: 'isolated',
      observed: 'reachable',
      outcome: 'breach',
      reason: 'it arrived and was answered',
    });
  });

  test.each([
    ['isolated', 'breached', ['closed', 'open']],
    ['isolated', 'inconclusive', ['inconclusive']],
    ['isolated', 'inconclusive', []],
    ['isolated', 'isolated', ['closed']],
  ] as const)('%s by its matrix, %s with bypasses %j', (_matrix, verdict, rows) => {
    expect(isolationReported({ ...state, matrix: isolated(), bypasses: bypasses(...rows) }).verdict).toBe(verdict);
  });

  test('fits, however large the matrix and whatever the names; nothing is hidden without a count', () => {
    const expectation = fc.record({
      from: text(),
      to: text(),
      verdict: fc.constantFrom<'reachable' | 'isolated'>('reachable', 'isolated'),
    });
    const seen = fc.record({
      arrived: fc.option(fc.boolean()),
      reply: fc.constantFrom<'answer' | 'none'>('answer', 'none'),
      error: fc.option(text(), { nil: undefined }),
    });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(expectation, seen), { maxLength: 60 }),
        fc.array(fc.constantFrom<BypassRow['verdict'][]>('closed', 'open', 'inconclusive')),
        (pairs, tried) => {
          const expectations = pairs.map(([{ from, to, verdict }], index) => ({
            ...MATRIX_ROW(from, to, verdict),
            id: String(index),
          }));
          const matrix = judge(
            expectations,
            pairs.map(([, { error, ...observation }], index) => ({
              id: String(index),
              ...observation,
              ...(error !== undefined && { error }),
            })),
          );
          const reported = isolationReported({ ...state, matrix, bypasses: bypasses(...tried) });
          expect(jsonBytes(reported)).toBeLessThanOrEqual(ISOLATION_BYTES);
          expectTaken(undefined, reported);
          const failing =
            matrix.rows.length - matrix.counts['as-expected'] + tried.filter((verdict) => verdict !== 'closed').length;
          expect((reported.failing?.length ?? 0) + (reported.moreFailing ?? 0)).toBe(failing);
        },
      ),
      { numRuns: 60 },
    );
  });

  test('of a breach among 4,096 pairs names it', () => {
    const names = Array.from({ length: 64 }, (_, index) => `node-${index}`);
    const expectations = names.flatMap((from) => names.map((to) => MATRIX_ROW(from, to, 'reachable')));
    const breach = MATRIX_ROW('node-63', 'outside', 'isolated');
    const matrix = judge([...expectations, breach], [{ id: breach.id, arrived: true, reply: 'none' }]);
    const { failing = [], moreFailing = 0, verdict } = isolationReported({ ...state, matrix });
    expect(verdict).toBe('breached');
    expect(failing[0]).toMatchObject({ from: 'node-63', to: 'outside', outcome: 'breach' });
    expect(failing.length + moreFailing).toBe(4097);
  });
});

describe('an update that replaces', () => {
  test('sets to null what is no longer there, at every level, and nothing else', () => {
    expect(replacing({ a: 1, b: { c: 1, d: 2 }, e: [1, 2] }, { b: { d: 3 }, e: [4] })).toEqual({
      a: null,
      b: { c: null, d: 3 },
      e: [4],
    });
  });

  const section = () =>
    fc.dictionary(
      fc.constantFrom('a', 'b', 'c'),
      fc.letrec((tie) => ({
        value: fc.oneof(
          { maxDepth: 3 },
          fc.nat(3),
          fc.string({ maxLength: 3 }),
          fc.array(fc.nat(3), { maxLength: 2 }),
          fc.dictionary(fc.constantFrom('a', 'b', 'c'), tie('value'), { minKeys: 1 }),
        ),
      })).value,
    );

  test('makes the section what it shall be, whatever it was', () => {
    fc.assert(
      fc.property(section(), section(), (previous, next) => {
        expect(updated(previous, replacing(previous, next))).toEqual(next);
        expect(updated(undefined, replacing(undefined, next))).toEqual(next);
      }),
    );
  });
});
