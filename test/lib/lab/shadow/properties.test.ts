import fc from 'fast-check';
import { isObject, type Json, type JsonObject } from '../../../../lib/lab/shadow/json.ts';
import { exists, type Shadow, updateShadow } from '../../../../lib/lab/shadow/shadow.ts';
import { bytes, NOON, shadowOf } from './support.ts';

const key = fc.constantFrom('a', 'b', 'c', '__proto__', 'constructor', 'timestamp');
const leaf = fc.oneof(fc.boolean(), fc.nat(3), fc.constantFrom('x', 'y'));
const value: fc.Arbitrary<Json> = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', maxDepth: 3 },
    leaf,
    fc.array(leaf, { maxLength: 3 }),
    fc.constant(null),
    fc.dictionary(key, tie('value'), { maxKeys: 3 }),
  ),
})).value;
const section: fc.Arbitrary<JsonObject | null> = fc.oneof(
  { weight: 9, arbitrary: fc.dictionary(key, value, { maxKeys: 4 }) as fc.Arbitrary<JsonObject> },
  { weight: 1, arbitrary: fc.constant(null) },
);
const patch = fc.record({ desired: section, reported: section }, { requiredKeys: [] });
const history = fc.array(patch, { minLength: 1, maxLength: 8 });

/** JSON merge patch as RFC 7396 writes it down, on Maps so that no key is special; then without what is empty. */
function rfc7396(target: Json | undefined, given: Json): Json | undefined {
  if (!isObject(given)) return given;
  const merged = new Map(isObject(target) ? Object.entries(target) : []);
  for (const [name, inner] of Object.entries(given)) {
    const result = inner === null ? undefined : rfc7396(merged.get(name), inner);
    if (result === undefined) merged.delete(name);
    else merged.set(name, result);
  }
  return merged.size === 0 ? undefined : Object.fromEntries(merged);
}

function replay(patches: readonly JsonObject[]) {
  const thing = shadowOf();
  for (const state of patches) expect(thing.update({ state })).toMatchObject({ accepted: true });
  return thing;
}

function document(shadow: Shadow | undefined) {
  if (!exists(shadow)) throw new Error('no document');
  return shadow;
}

test('desired and reported are what RFC 7396 makes of the updates', () => {
  fc.assert(
    fc.property(history, (patches) => {
      const { state } = document(replay(patches as JsonObject[]).shadow);
      for (const name of ['desired', 'reported'] as const) {
        let expected: Json | undefined;
        for (const given of patches) {
          if (given[name] === null) expected = undefined;
          else if (given[name] !== undefined) expected = rfc7396(expected, given[name]);
        }
        expect(state[name]).toEqual(expected);
      }
    }),
  );
});

test('the version counts the accepted updates, and the same update twice leaves the same state', () => {
  fc.assert(
    fc.property(history, patch, (patches, last) => {
      const thing = replay(patches as JsonObject[]);
      expect(document(thing.shadow).version).toBe(patches.length);
      thing.update({ state: last });
      const once = document(thing.shadow).state;
      thing.update({ state: last });
      expect(document(thing.shadow).state).toEqual(once);
    }),
  );
});

test('whoever reports the delta is done, and without delta everything desired is reported', () => {
  fc.assert(
    fc.property(history, (patches) => {
      const thing = replay(patches as JsonObject[]);
      const delta = Object(thing.get().response).state.delta;
      if (delta !== undefined) {
        expect(Object.keys(delta)).not.toHaveLength(0);
        // A value in the place of which reported has an object is replaced; so one report is enough.
        expect(thing.update({ state: { reported: delta } })).not.toHaveProperty('delta');
      }
      const { desired, reported } = document(thing.shadow).state;
      expect(rfc7396(reported, desired ?? {})).toEqual(reported);
    }),
  );
});

test('the metadata has a time for each value of the state, never one of the future', () => {
  const check = (state: Json | undefined, metadata: Json | undefined, now: number): void => {
    if (Array.isArray(state)) {
      expect(metadata).toHaveLength(state.length);
    } else if (isObject(state)) {
      expect(Object.keys(Object(metadata)).sort()).toEqual(Object.keys(state).sort());
      for (const [name, inner] of Object.entries(state)) {
        check(inner, Object.entries(Object(metadata)).find(([known]) => known === name)?.[1] as Json, now);
      }
    } else if (state !== undefined) {
      const { timestamp } = metadata as { timestamp: number };
      expect(timestamp).toBeGreaterThan(NOON);
      expect(timestamp).toBeLessThanOrEqual(now);
    }
  };
  fc.assert(
    fc.property(history, (patches) => {
      const thing = replay(patches as JsonObject[]);
      const { state, metadata } = document(thing.shadow);
      for (const name of ['desired', 'reported'] as const) check(state[name], metadata[name], thing.now);
    }),
  );
});

test('a value that is written gets a new time, all others keep theirs', () => {
  const thing = shadowOf();
  thing.update({ state: { desired: { a: 1, b: { c: 1, d: [1, 2] } } } });
  thing.update({ state: { desired: { b: { c: 1 } } } });
  const [first, second] = [{ timestamp: NOON + 1 }, { timestamp: NOON + 2 }];
  expect(document(thing.shadow).metadata.desired).toEqual({ a: first, b: { c: second, d: [first, first] } });
});

test('no bytes make it throw, and what is refused has a code and a reason', () => {
  const anything = fc.oneof(fc.json().map(bytes), fc.string().map(bytes), fc.uint8Array().map(Buffer.from));
  const nearly = fc
    .record(
      { state: fc.oneof(patch, fc.jsonValue()), version: fc.jsonValue(), clientToken: fc.jsonValue() },
      { requiredKeys: [] },
    )
    .map(bytes);
  fc.assert(
    fc.property(fc.oneof(anything, nearly), (payload) => {
      const answer = updateShadow(undefined, payload, NOON);
      if (!answer.accepted)
        expect(answer.error).toEqual({ code: expect.any(Number), message: expect.stringMatching(/./) });
    }),
    { numRuns: 1000 },
  );
});
