import { aimText, isMet, missedAims } from '../../bench/figures/aims.ts';
import type { Figure } from '../../bench/figures/figure.ts';
import { median, medianRatio, percentile } from '../../bench/figures/statistics.ts';
import { HEAD, tableRows } from '../../bench/figures/table.ts';

describe('the median', () => {
  test.each([
    [[7], 7],
    [[9, 1, 5], 5],
    [[4, 1, 3, 2], 2.5],
    [[10, 9, 100], 10],
    [[], Number.NaN],
  ])('of %j is %p', (values, expected) => expect(median(values)).toBe(expected));
});

const upTo = (count: number) => [...Array(count).keys()].map((index) => index + 1);

describe('the 95th percentile', () => {
  test.each([
    [upTo(20), 19],
    [upTo(100), 95],
    [[3, 1, 2], 3],
    [[], Number.NaN],
  ])('of %j is %p', (values, expected) => expect(percentile(values, 0.95)).toBe(expected));
});

describe('the ratio', () => {
  test('is taken in each round, so that a slow round slows both', () => {
    expect(medianRatio([10, 100, 10], [5, 50, 5])).toBe(2);
    expect(medianRatio([10, 10, 100], [5, 50, 5])).toBe(2);
  });

  test('is that of the medians where somebody had fewer rounds', () => {
    expect(medianRatio([10, 20, 30], [5])).toBe(4);
    expect(medianRatio([10], [])).toBeNaN();
  });
});

const figure: Figure = {
  section: 'c',
  what: 'swap',
  unit: 'ms',
  better: 'less',
  own: [30, 32, 31],
  rivals: [
    { name: 'nft', samples: [20, 20, 20], aim: { atMost: 1.5 } },
    { name: 'by hand', samples: [12_345], remark: 'extrapolated' },
  ],
  counts: [
    { what: 'leaked', who: 'firebreak', found: 0, of: 900, ours: true },
    { what: 'lost', who: 'nft', found: 3, of: 900, ours: false },
  ],
};

test('a row for each rival and each count; what it is about stands in the first', () => {
  expect(tableRows([figure])).toEqual([
    ['swap', '31 ms', 'nft', '20 ms', '1.55', '≤ 1.5', '✗'],
    ['', '', 'by hand (extrapolated)', '12,345 ms', '0.003', '', ''],
    ['', '', 'leaked, firebreak', '0 of 900', '', '0', '✓'],
    ['', '', 'lost, nft', '3 of 900', '', '', ''],
  ]);
  for (const row of tableRows([figure])) expect(row).toHaveLength(HEAD.length);
});

test('a figure about a percentile shows everybody’s, and is judged by it', () => {
  const late = { ...figure, own: upTo(20), percentile: 0.95, limit: { atMost: 18 }, counts: [] };
  const rivals = [{ name: 'nft', samples: upTo(40).map((value) => value / 2), aim: { atMost: 0.5 } }];
  expect(tableRows([{ ...late, rivals }])).toEqual([
    ['swap', '19 ms', '', '', '', '≤ 18 ms', '✗'],
    ['', '', 'nft', '19 ms', '1.00', '≤ 0.5', '✗'],
  ]);
  expect(missedAims([{ ...late, rivals }])).toHaveLength(2);
});

describe('an aim', () => {
  test('is met at its very edge', () => {
    expect(isMet({ atMost: 1.5 }, 1.5)).toBe(true);
    expect(isMet({ atMost: 1.5 }, 1.51)).toBe(false);
    expect(isMet({ atLeast: 0.75 }, 0.75)).toBe(true);
    expect(isMet({ atLeast: 0.75 }, 0.74)).toBe(false);
  });

  test('is not met by a figure that is none', () => {
    expect(isMet({ atMost: 1.5 }, Number.NaN)).toBe(false);
    expect(isMet({ atLeast: 0.75 }, Number.NaN)).toBe(false);
  });

  test('says itself', () => {
    expect([aimText({ atMost: 1.5 }), aimText({ atLeast: 0.75 })]).toEqual(['≤ 1.5', '≥ 0.75']);
  });
});

test('missed aims are said; what a rival loses is none', () => {
  expect(missedAims([figure])).toEqual(['swap: 1.55 of nft, the aim is ≤ 1.5']);
  const leaking = { ...figure, rivals: [], counts: figure.counts.map((count) => ({ ...count, found: 2 })) };
  expect(missedAims([leaking])).toEqual(['swap: 2 of 900 leaked, the aim is none']);
});

describe('a figure that shall be within a limit, whatever others do', () => {
  const memory: Figure = {
    ...{ section: 'f', what: 'memory', unit: 'MB', better: 'less', own: [59, 61, 70], rivals: [], counts: [] },
    limit: { atMost: 60 },
  };

  test('has a row for its limit', () => {
    expect(tableRows([memory])).toEqual([['memory', '61 MB', '', '', '', '≤ 60 MB', '✗']]);
    expect(tableRows([{ ...memory, own: [60] }])).toEqual([['memory', '60 MB', '', '', '', '≤ 60 MB', '✓']]);
  });

  test('is told when it is missed', () => {
    expect(missedAims([memory])).toEqual(['memory: 61.0 MB, the aim is ≤ 60 MB']);
    expect(missedAims([{ ...memory, own: [60] }])).toEqual([]);
  });

  test('without limit and rivals it is told in a row all the same', () => {
    const { limit: _limit, ...told } = memory;
    expect(tableRows([told])).toEqual([['memory', '61 MB', '', '', '', '', '']]);
  });
});
