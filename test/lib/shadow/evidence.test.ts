import { createHash } from 'node:crypto';
import fc from 'fast-check';
import {
  assembleEvidence,
  collect,
  type Evidence,
  type EvidencePart,
  evidenceParts,
  jsonBytes,
  missingParts,
  NOTHING_COLLECTED,
  readPart,
} from '../../../lib/shadow/index.ts';
import { EVIDENCE_PART_BYTES } from '../../../lib/shadow/limits.ts';
import type { Expectation } from '../../../lib/truck/expectation.ts';
import { judge } from '../../../lib/truck/judge.ts';

const REVISION = { sequence: 7, hash: '0123456789ab', id: '7-0123456789ab' };

/** Every pair of so many nodes; `noise` makes it as hard to compress as wished. */
function evidence(nodes: number, noise = (_pair: number) => 'no flow', thing = 'truck-7'): Evidence {
  const names = Array.from({ length: nodes }, (_, index) => `node-${index}`);
  const expectations = names.flatMap((from, i) =>
    names.map(
      (to, j): Expectation => ({
        id: `${from}>${to} icmp`,
        from,
        to,
        address: `10.0.${j}.4`,
        probe: { protocol: 'icmp' },
        verdict: i % 2 === j % 2 ? 'reachable' : 'isolated',
        because: noise(i * nodes + j),
      }),
    ),
  );
  const observations = expectations.map(({ id, verdict }, index) => ({
    id,
    arrived: verdict === 'reachable',
    reply: verdict === 'reachable' ? ('answer' as const) : ('none' as const),
    roundTripMs: (index % 97) / 7,
  }));
  return {
    thing,
    revision: REVISION,
    at: '2026-11-25T09:30:00.000Z',
    matrix: judge(expectations, observations),
    vantages: names.map((node) => ({ node, kind: 'container' })),
    durationMs: 1234,
  };
}
const random = (pair: number) => createHash('sha512').update(String(pair)).digest('base64');
const LARGE_WHOLE = evidence(64, random);
const LARGE = evidenceParts(LARGE_WHOLE);

test('of 64 nodes, 4,096 pairs, is one message', () => {
  const whole = evidence(64);
  const parts = evidenceParts(whole);
  expect(whole.matrix.rows).toHaveLength(4096);
  expect(jsonBytes(whole)).toBeGreaterThan(1_000_000);
  expect(parts).toHaveLength(1);
  expect(assembleEvidence(parts)).toEqual(whole);
});

test('that is hard to compress goes in several messages, none of which is too large', () => {
  expect(LARGE.length).toBeGreaterThan(2);
  for (const part of LARGE) expect(jsonBytes(part)).toBeLessThanOrEqual(EVIDENCE_PART_BYTES);
});

test('is whole again, in whatever order its parts come, some of them twice', () => {
  const order = fc.shuffledSubarray([...LARGE, ...LARGE], { minLength: LARGE.length * 2 });
  fc.assert(
    fc.property(order, (parts) => {
      expect(assembleEvidence(parts.map((part) => readPart(JSON.stringify(part))))).toEqual(LARGE_WHOLE);
    }),
    { numRuns: 5 },
  );
});

test('of any size is itself again', () => {
  fc.assert(
    fc.property(fc.nat(12), fc.string({ unit: 'binary' }), (nodes, word) => {
      const whole = JSON.parse(JSON.stringify(evidence(nodes, () => word))) as Evidence;
      expect(assembleEvidence(evidenceParts(whole))).toEqual(whole);
    }),
    { numRuns: 30 },
  );
});

describe('what is missing, mixed or tampered with is no evidence', () => {
  const [first, second, ...rest] = LARGE as [EvidencePart, EvidencePart, ...EvidencePart[]];
  const other = evidenceParts(evidence(64, (pair) => random(-pair)));

  test('nothing at all', () => {
    expect(() => assembleEvidence([])).toThrow('there is no part');
  });
  test('a part that never came', () => {
    expect(missingParts([second, ...rest])).toEqual([1]);
    expect(() => assembleEvidence([second, ...rest])).toThrow(`1 of ${LARGE.length} parts are missing: 1`);
  });
  test('a part of another measurement', () => {
    expect(() => assembleEvidence([first, ...other.slice(1)])).toThrow('parts of different evidence');
  });
  test.each<[string, Partial<EvidencePart>]>([
    ['another truck', { thing: 'truck-8' }],
    ['another revision', { revision: '8-0123456789ab' }],
    ['another time', { at: '2026-11-25T09:31:00.000Z' }],
  ])('parts that all say %s', (_what, change) => {
    expect(() => assembleEvidence(LARGE.map((part) => ({ ...part, ...change })))).toThrow('changed on its way');
  });
  test('other bytes, wherever', () => {
    fc.assert(
      fc.property(fc.nat(LARGE.length - 1), fc.nat(50_000), fc.integer({ min: 1, max: 255 }), (index, place, flip) => {
        const tampered = LARGE.map((part, number) => {
          if (number !== index) return part;
          const bytes = Buffer.from(part.data, 'base64');
          const at = place % bytes.length;
          bytes[at] = (bytes[at] ?? 0) ^ flip;
          return { ...part, data: bytes.toString('base64') };
        });
        let result: Evidence | undefined;
        try {
          result = assembleEvidence(tampered);
        } catch (error) {
          expect(String(error)).toContain('changed on its way');
        }
        // Some bytes of gzip's header mean nothing.
        if (result !== undefined) expect(result).toEqual(LARGE_WHOLE);
      }),
      { numRuns: 12 },
    );
  });
});

describe('a message that is no part', () => {
  test.each<[string, string]>([
    ['empty', ''],
    ['no JSON', 'x'],
    ['a list', '[]'],
    ['without data', JSON.stringify({ ...LARGE[0], data: undefined })],
    ['part 0', JSON.stringify({ ...LARGE[0], part: 0 })],
    ['a part past the last', JSON.stringify({ ...LARGE[0], part: LARGE.length + 1 })],
    ['of a million parts', JSON.stringify({ ...LARGE[0], parts: 1_000_000 })],
    ['with a hash that is none', JSON.stringify({ ...LARGE[0], sha256: 'x' })],
    ['of a megabyte', ' '.repeat(1_000_000)],
  ])('%s is refused', (_what, payload) => {
    expect(() => readPart(payload)).toThrow();
    expect(() => readPart(Buffer.from(payload))).toThrow();
  });
});

describe('collecting', () => {
  const take = (parts: readonly EvidencePart[]) => {
    let collection = NOTHING_COLLECTED;
    const complete: Evidence[] = [];
    const problems: string[] = [];
    for (const part of parts) {
      const collected = collect(collection, part);
      collection = collected.collection;
      if (collected.evidence) complete.push(collected.evidence);
      if (collected.problem !== undefined) problems.push(collected.problem);
    }
    return { collection, complete, problems };
  };
  const another = evidenceParts(evidence(64, random, 'truck-8'));

  test('tells parts of several measurements apart, and forgets what is complete', () => {
    const { collection, complete } = take(LARGE.flatMap((part, index) => [part, another[index] as EvidencePart]));
    expect(complete.map(({ thing }) => thing)).toEqual(['truck-7', 'truck-8']);
    expect(collection).toEqual([]);
  });

  test('keeps little of what never gets complete', () => {
    const halves = Array.from({ length: 50 }, (_, index) => ({ ...(LARGE[0] as EvidencePart), at: String(index) }));
    expect(take(halves).collection).toHaveLength(4);
  });

  test('says what is wrong with what is complete and no evidence', () => {
    const { complete, problems } = take(LARGE.map((part) => ({ ...part, sha256: '0'.repeat(64) })));
    expect(complete).toEqual([]);
    expect(problems).toEqual([expect.stringContaining('its hash is another')]);
  });
});
