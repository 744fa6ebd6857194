import fc from 'fast-check';
import { matcher } from '../../../../../lib/lab/cloud/account/query/match.ts';
import { parseQuery } from '../../../../../lib/lab/cloud/account/query/parse.ts';

/** A truck as it is indexed. */
const TRUCK = {
  thingName: 'truck-7',
  thingGroupNames: ['firebreak-fleet', 'firebreak-ring-canary'],
  attributes: { depot: 'Ulm Nord', year: '2019', serial: 'abce' },
  shadow: {
    name: {
      isolation: {
        reported: { verdict: 'breached', counts: { breach: 2 } },
        metadata: { reported: { verdict: { timestamp: 1_700_000_000 } } },
        hasDelta: false,
      },
    },
  },
  connectivity: { connected: true },
};
const isFound = (query: string) => matcher(parseQuery(query))(TRUCK);

test.each([
  ['*', true],
  ['thingName:truck-7', true],
  ['thingName:TRUCK-7', true],
  ['thingname:truck-7', false],
  ['thingName:truck', false],
  ['thingName:truck*', true],
  ['thingName:truck-?', true],
  ['thingName:*-7', true],
  ['thingName:truck-7?', false],
  ['thingName:"truck-7"', true],
  ['thingName:"truck*"', false],
  ['truck-7', true],
  ['breached', true],
  ['nowhere', false],
  ['thingGroupNames:firebreak-ring-canary', true],
  ['thingGroupNames:firebreak-ring-early', false],
  ['attributes.depot:nord', true],
  ['attributes.depot:"ulm nord"', true],
  ['attributes.depot:"nord ulm"', false],
  ['attributes.depot:ulm\\ nord', true],
  ['attributes.year:[2018 TO 2019]', true],
  ['attributes.year:[2018 TO 2019}', false],
  ['attributes.year:{2018 TO *]', true],
  ['attributes.serial:["abcd" TO "abcf"]', true],
  ['attributes.year>2018', true],
  ['attributes.year<2019', false],
  ['attributes.year<=2019', true],
  ['attributes.year:>=2020', false],
  ['shadow.name.isolation.reported.verdict:breached', true],
  ['shadow.name.isolation.reported.counts.breach>1', true],
  ['shadow.name.isolation.metadata.reported.verdict.timestamp<1600000000', false],
  ['shadow.name.isolation.hasDelta:false', true],
  ['shadow.name.network.reported.status:*', false],
  ['connectivity.connected:true', true],
  ['thingName:truck-7 attributes.year:2019', true],
  ['thingName:truck-7 attributes.year:2020', false],
  ['thingName:truck-7 OR attributes.year:2020', true],
  ['thingName:truck-8 OR attributes.year:2019 AND attributes.depot:x', false],
  ['NOT thingName:truck-8', true],
  ['thingName:(truck* AND -truck-8)', true],
  ['thingName:(truck* AND -truck-7)', false],
  ['attributes.year:2019 NOT attributes.depot:nord', false],
  ['(thingName:a OR thingName:truck-7) AND NOT (attributes.year:2020)', true],
])('%s: %s', (query, expected) => {
  expect(isFound(query)).toBe(expected);
});

test.each([
  ['thingName:', 'the end'],
  ['(a', ') is expected'],
  ['a)', ') is not expected'],
  ['"a', 'not closed'],
  ['year:[1 2]', 'TO is expected'],
  ['year:[1 TO 2', 'not closed'],
  ['a/b', '/ at 2 is not supported'],
  ['thingName:(b:c)', 'within the field'],
  ['OR a', 'a term is expected, not OR'],
  ['a AND OR b', 'a term is expected, not OR'],
  ['thingName:*a AND x:*b', 'only one term'],
  [`thingName:*${'a'.repeat(100)}`, 'leading wildcard'],
  [Array.from({ length: 13 }, (_, index) => `t${index}`).join(' '), '12 terms'],
])('%s is refused: %s', (query, why) => {
  expect(() => parseQuery(query)).toThrow(why);
});

describe('whatever the query', () => {
  const leaf = fc.constantFrom('thingName:truck-7', 'attributes.year:2020', 'breached', 'attributes.year>2018');
  const { query } = fc.letrec<{ query: string }>((tie) => ({
    query: fc.oneof(
      { maxDepth: 2 },
      leaf,
      fc.tuple(tie('query'), tie('query')).map(([a, b]) => `(${a} AND ${b})`),
      fc.tuple(tie('query'), tie('query')).map(([a, b]) => `(${a} OR ${b})`),
      tie('query').map((a) => `NOT (${a})`),
    ),
  }));

  test('AND, OR and NOT are those of logic', () => {
    fc.assert(
      fc.property(query, query, (a, b) => {
        expect(isFound(`(${a}) AND (${b})`)).toBe(isFound(a) && isFound(b));
        expect(isFound(`(${a}) OR (${b})`)).toBe(isFound(a) || isFound(b));
        expect(isFound(`NOT (${a})`)).toBe(!isFound(a));
        expect(isFound(`(${a}) (${b})`)).toBe(isFound(a) && isFound(b));
      }),
    );
  });

  test('text is read, or refused with a reason, and never anything else', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 60 }), (text) => {
        try {
          matcher(parseQuery(text))(TRUCK);
        } catch (error) {
          expect((error as Error).name).toBe('QuerySyntaxError');
        }
      }),
    );
  });

  test('a value in quotes finds exactly itself', () => {
    const value = fc.stringMatching(/^[a-z0-9 @/#%;,':*?()[\]{}<>-]{1,20}$/).filter((text) => text.trim() !== '');
    fc.assert(
      fc.property(value, (text) => {
        const found = matcher(parseQuery(`attributes.x:"${text}"`));
        expect(found({ attributes: { x: text } })).toBe(true);
        expect(found({ attributes: { x: `z${text.trim()}z` } })).toBe(false);
      }),
    );
  });
});
