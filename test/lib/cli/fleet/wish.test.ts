import fc from 'fast-check';
import { commonSequence, type Standing, standingOf } from '../../../../lib/cli/fleet/policy/wish.ts';
import { writeWish } from '../../../../lib/shadow/index.ts';

const draft = { what: 'policy', document: { version: 1, trunk: { interface: 'enp2s0' } } } as const;
const standing = (sequence: number, isDone = false): Standing => ({ id: 'x', sequence, isDone });

test.each([
  ['no shadow', null, { id: null, sequence: 0, isDone: false }],
  [
    'nothing desired, a revision in force',
    { reported: { status: 'applied', revision: { sequence: 4, hash: 'h', id: '4-h' } }, version: 1 },
    { id: null, sequence: 4 },
  ],
  ['another policy', { desired: { policy: { version: 1 }, sequence: 9 }, version: 1 }, { sequence: 9, isDone: false }],
  ['the same policy', { desired: { policy: draft.document, sequence: 3 }, version: 1 }, { sequence: 3, isDone: true }],
  ['the same document as a patch', { desired: { patch: draft.document }, version: 1 }, { isDone: false }],
  ['something packed that can’t be read', { desired: { policyGzip: 'no' }, version: 1 }, { isDone: false }],
  ['text', { desired: 'policy', version: 1 }, { sequence: 0, isDone: false }],
])('a shadow with %s is seen as what it is', (_what, shadow, expected) => {
  expect(standingOf(shadow, draft)).toMatchObject(expected);
});

test('what was written is done, in whichever form', () => {
  const documents = fc.dictionary(
    fc.stringMatching(/^[a-z]{1,8}$/),
    fc.oneof(fc.string(), fc.integer(), fc.constant(null)),
    { minKeys: 1 },
  );
  fc.assert(
    fc.property(
      documents,
      fc.constantFrom('policy' as const, 'patch' as const),
      fc.nat(),
      (document, what, sequence) => {
        const { desired } = writeWish({ what, document, thing: 't', sequence }, undefined);
        expect(standingOf({ desired, version: 1 }, { what, document })).toMatchObject({ isDone: true, sequence });
      },
    ),
  );
});

test.each([
  ['a first policy counts from the document’s number', 1, [], 1],
  ['more than any truck knows that has something to be written', 1, [standing(3), standing(7)], 8],
  ['a document that counts further is believed', 20, [standing(7)], 20],
  ['what is done keeps its number', 1, [standing(8, true), standing(7), standing(3)], 8],
  ['unless a truck knows a higher one', 1, [standing(8, true), standing(9)], 10],
])('%s', (_what, own, standings, expected) => {
  expect(commonSequence(own, standings)).toBe(expected);
});

test('an interrupted run goes on under the same number, wherever it was interrupted', () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 50 }), { minLength: 1 }), fc.nat(), (known, cut) => {
      const before = known.map((sequence) => standing(sequence));
      const sequence = commonSequence(1, before);
      const written = cut % before.length;
      const after = before.map((one, index) => (index < written ? standing(sequence, true) : one));
      expect(commonSequence(1, after)).toBe(sequence);
    }),
  );
});
