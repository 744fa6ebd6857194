import type { Outcome } from './kill.ts';
import { firstToFail } from './kill.ts';
import { failures, outcomeLine, summary } from './show.ts';
import type { Survivor } from './survivors.ts';
import { stale, verdictOf } from './verdict.ts';

const outcome = (mutation: string, killedBy?: string): Outcome => ({
  ...{ truck: 'article.yaml', mutation, seconds: 1 },
  ...(killedBy === undefined ? {} : { killedBy, because: 'it arrived' }),
});
const LISTED: Survivor = { mutation: /^counts/, because: 'it decides nothing' };

test.each<readonly [string, Outcome, string]>([
  ['what a test notices is killed', outcome('a rule', 'a test'), 'killed'],
  ['what none notices survives', outcome('a rule'), 'survived'],
  ['unless it is listed', outcome('counts'), 'listed'],
  ['what is listed and noticed all the same belongs off the list', outcome('counts', 'a test'), 'listed, but killed'],
])('%s', (_what, each, verdict) => {
  expect(verdictOf(each, [LISTED])).toBe(verdict);
});

test('what depends on the machine is right either way', () => {
  const here = { ...LISTED, here: true } as const;
  expect(verdictOf(outcome('counts', 'a test'), [here])).toBe('killed');
  expect(verdictOf(outcome('counts'), [here])).toBe('listed');
});

test('a survivor that is listed and isn’t there any more is stale, on trucks that were tried', () => {
  const elsewhere = { ...LISTED, truck: 'station.yaml' };
  expect(stale([outcome('a rule', 'a test')], [LISTED, elsewhere])).toEqual([LISTED]);
  expect(stale([outcome('counts')], [LISTED])).toEqual([]);
  expect(stale([{ ...outcome('a rule', 'a test'), truck: 'lab' }], [LISTED])).toEqual([]);
});

test('a run fails by what survives, what is listed wrongly, and nothing else', () => {
  expect(failures([outcome('a rule', 'a test'), outcome('counts')], [LISTED])).toEqual([]);
  expect(failures([outcome('a rule')], [])).toEqual(['article.yaml: a rule: survived']);
  expect(failures([outcome('counts', 'a test')], [LISTED])).toEqual(['article.yaml: counts: listed, but killed']);
  expect(failures([outcome('a rule', 'a test')], [LISTED])).toEqual([
    'listed, but there is no such mutation: /^counts/',
  ]);
});

test('each is told in a line, and all in a table', () => {
  const outcomes = [outcome('a rule', 'a test'), outcome('another', 'a test'), outcome('counts'), outcome('a hole')];
  expect(outcomes.map((each) => outcomeLine(each, [LISTED]))).toEqual([
    '✓ article.yaml: a rule: killed by «a test» 1.0 s',
    '✓ article.yaml: another: killed by «a test» 1.0 s',
    '· article.yaml: counts: listed: it decides nothing 1.0 s',
    '✗ article.yaml: a hole: SURVIVED 1.0 s',
  ]);
  const lines = summary(outcomes, [LISTED])
    .split('\n')
    .map((line) => line.trim().split(/\s{2,}/));
  expect(lines).toEqual([
    ['mutations'],
    ['2', 'killed by', 'a test'],
    ['1', 'listed', 'it decides nothing'],
    ['WRONG', 'article.yaml: a hole: survived'],
    ['4', 'in all'],
  ]);
});

describe('the first test to fail', () => {
  const trial = (name: string, ...found: readonly string[][]) => {
    const left = [...found];
    return { name, problems: async () => left.shift() ?? [] };
  };

  test('is named, with what it says', async () => {
    const trials = [trial('holds'), trial('fails', ['x: open, it arrived at y'])];
    expect(await firstToFail(trials, null)).toEqual({ killedBy: 'fails', because: 'x: open, it arrived at y' });
  });

  test('is asked again when only something is missing: that may be a busy machine', async () => {
    expect(await firstToFail([trial('a', ['x: outage, nothing arrived'])], null)).toEqual({});
    const twice = trial('a', ['x: outage, nothing arrived'], ['y: outage, nothing arrived']);
    expect(await firstToFail([twice], null)).toEqual({ killedBy: 'a', because: 'y: outage, nothing arrived' });
  });
});
