import { DEFAULT_LIMITS, updateShadow } from '../../../../lib/lab/shadow/shadow.ts';
import { NOON, shadowOf } from './support.ts';

const at = (seconds: number) => ({ timestamp: NOON + seconds });
const rejected = (code: number, message: string, more: object = {}) => ({
  accepted: false,
  error: { code, message },
  response: { code, message, timestamp: expect.any(Number), ...more },
});

test('an update is answered with what was sent, and says what is still to be done and how the document was and is', () => {
  const lamp = shadowOf();
  lamp.update({ state: { reported: { colour: 'red', size: { width: 1, height: 2 } } } });
  const answer = lamp.update({
    state: { desired: { colour: 'blue', size: { width: 1, height: 3 } } },
    version: 1,
    clientToken: 'a',
  });
  expect(answer).toMatchObject({
    accepted: true,
    response: {
      state: { desired: { colour: 'blue', size: { width: 1, height: 3 } } },
      metadata: { desired: { colour: at(2), size: { width: at(2), height: at(2) } } },
      version: 2,
      timestamp: NOON + 2,
      clientToken: 'a',
    },
    delta: {
      state: { colour: 'blue', size: { height: 3 } },
      metadata: { colour: at(2), size: { height: at(2) } },
      version: 2,
      timestamp: NOON + 2,
      clientToken: 'a',
    },
    documents: {
      previous: { state: { reported: { colour: 'red' } }, version: 1 },
      current: { state: { desired: { colour: 'blue' }, reported: { colour: 'red' } }, version: 2 },
      timestamp: NOON + 2,
      clientToken: 'a',
    },
  });
  expect(lamp.get({ clientToken: 'b' })).toMatchObject({
    accepted: true,
    response: {
      state: {
        desired: { colour: 'blue', size: { width: 1, height: 3 } },
        reported: { colour: 'red', size: { width: 1, height: 2 } },
        delta: { colour: 'blue', size: { height: 3 } },
      },
      metadata: {
        desired: { colour: at(2), size: { width: at(2), height: at(2) } },
        reported: { colour: at(1), size: { width: at(1), height: at(1) } },
      },
      version: 2,
      timestamp: NOON + 3,
      clientToken: 'b',
    },
  });
});

test('the delta is published after every update until it is reported, and never again', () => {
  const lamp = shadowOf();
  expect(lamp.update({ state: { desired: { on: true } } })).toHaveProperty('delta.state', { on: true });
  expect(lamp.update({ state: { reported: { heat: 3 } } })).toHaveProperty('delta.state', { on: true });
  expect(lamp.update({ state: { reported: { on: true } } })).not.toHaveProperty('delta');
  expect(lamp.get()).not.toHaveProperty('response.state.delta');
});

test.each([
  ['an object is merged', { a: { b: 1 } }, { a: { c: 2 } }, { a: { b: 1, c: 2 } }],
  ['a list is replaced whole', { a: [1, 2, 3] }, { a: [4] }, { a: [4] }],
  ['null deletes a key', { a: 1, b: 2 }, { a: null }, { b: 2 }],
  ['null deletes a key within', { a: { b: 1, c: 2 } }, { a: { b: null } }, { a: { c: 2 } }],
  ['what comes to nothing is left out', { a: { b: 1 }, c: 3 }, { a: { b: null } }, { c: 3 }],
  ['null of what is not there is nothing', { a: 1 }, { b: { c: null } }, { a: 1 }],
  ['an object takes the place of a value', { a: 1 }, { a: { b: 2 } }, { a: { b: 2 } }],
  ['a value takes the place of an object', { a: { b: 2 } }, { a: false }, { a: false }],
  ['an empty object changes nothing', { a: { b: 2 } }, { a: {} }, { a: { b: 2 } }],
  ['null deletes a section', { a: 1 }, null, undefined],
  ['a section all of whose keys are deleted is gone', { a: 1 }, { a: null }, undefined],
])('%s', (_what, before, patch, after) => {
  for (const section of ['desired', 'reported'] as const) {
    const thing = shadowOf();
    thing.update({ state: { [section]: before } });
    expect(thing.update({ state: { [section]: patch } })).toMatchObject({ accepted: true });
    expect(Object(thing.shadow).state[section]).toEqual(after);
    // The metadata has the same shape.
    expect(Object.keys(Object(thing.shadow).metadata[section] ?? {})).toEqual(Object.keys(after ?? {}));
  }
});

test.each([
  ['a list of other length', { a: [1, 2] }, { a: [1] }, { a: [1, 2] }],
  ['another value', { a: 1 }, { a: '1' }, { a: 1 }],
  ['1 and 1.0 are the same', '{"a":1}', '{"a":1.0}', undefined],
  ['an object instead of a value', { a: { b: 1 } }, { a: 1 }, { a: { b: 1 } }],
  ['only reported', undefined, { a: 1 }, undefined],
  ['nothing reported', { a: { b: [] } }, undefined, { a: { b: [] } }],
  ['within objects', { a: { b: { c: 1, d: 2 } } }, { a: { b: { c: 1 } } }, { a: { b: { d: 2 } } }],
  ['the same list, its keys in another order', { a: [{ b: 1, c: 2 }] }, { a: [{ c: 2, b: 1 }] }, undefined],
])('delta: %s', (_what, desired, reported, delta) => {
  const thing = shadowOf();
  const text = (section: unknown) => (typeof section === 'string' ? section : JSON.stringify(section ?? null));
  thing.update(`{"state":{"desired":${text(desired)},"reported":${text(reported)}}}`);
  expect(Object(thing.get().response).state.delta).toEqual(delta);
});

const deep = (levels: number): unknown => (levels === 0 ? 1 : { a: deep(levels - 1) });
test.each([
  ['no JSON', '{', 400, 'Invalid JSON'],
  ['nothing at all', '', 400, 'Invalid JSON'],
  ['a list', '[]', 400, 'Invalid JSON'],
  ['null', 'null', 400, 'Invalid JSON'],
  ['no state', { desired: {} }, 400, 'Missing required node: state'],
  ['state null', { state: null }, 400, 'State node must be an object'],
  ['state a list', { state: [] }, 400, 'State node must be an object'],
  ['desired a text', { state: { desired: 'on' } }, 400, 'Desired node must be an object'],
  ['desired a list', { state: { desired: [] } }, 400, 'Desired node must be an object'],
  ['reported a number', { state: { reported: 1 } }, 400, 'Reported node must be an object'],
  ['another key in state', { state: { desired: {}, wanted: {} } }, 400, 'State contains an invalid node'],
  ['null in a list', { state: { desired: { a: [1, null] } } }, 400, 'State contains an invalid node'],
  ['version a text', { state: {}, version: '1' }, 400, 'Invalid version'],
  ['version below 0', { state: {}, version: -1 }, 400, 'Invalid version'],
  ['version with a fraction', { state: {}, version: 1.5 }, 400, 'Invalid version'],
  ['a version of what never was', { state: {}, version: 7 }, 400, 'Invalid version'],
  ['token a number', { state: {}, clientToken: 1 }, 400, 'Invalid clientToken'],
  ['token of 65 bytes', { state: {}, clientToken: `${'x'.repeat(63)}ü` }, 400, 'Invalid clientToken'],
  ['7 levels', { state: { desired: deep(7) } }, 400, 'JSON contains too many levels of nesting; maximum is 6'],
  [
    'a thousand levels',
    `{"state":{"reported":${'{"a":'.repeat(1e3)}1${'}'.repeat(1e3)}}}`,
    400,
    expect.stringMatching('6$'),
  ],
  ['100 kB', { state: { desired: { a: 'x'.repeat(100_000) } } }, 413, 'The payload exceeds the maximum size allowed'],
])('%s is refused and nothing is changed', (_what, document, code, message) => {
  const thing = shadowOf();
  expect(thing.update(document)).toEqual(rejected(code, message));
  expect(thing.shadow).toBeUndefined();
});

test('what is not UTF-8 is refused', () => {
  const latin1 = Buffer.from('{"state":{"desired":{"name":"M\xfcller"}}}', 'latin1');
  expect(updateShadow(undefined, latin1, NOON)).toEqual(
    rejected(415, 'Unsupported documented encoding; supported encoding is UTF-8'),
  );
});

test.each([
  ['6 levels', { state: { desired: deep(6) } }],
  ['an empty object doesn’t count as a level', { state: { desired: { a: { a: { a: { a: { a: { a: {} } } } } } } } }],
  ['keys beside state are passed over', { state: { desired: { a: 1 } }, metadata: 1, timestamp: 'x', more: null }],
  ['version null', { state: {}, version: null }],
  ['version 0 of what never was', { state: {}, version: 0 }],
  ['version 1 of what never was', { state: {}, version: 1 }],
  ['a token of 64 bytes', { state: {}, clientToken: 'x'.repeat(64) }],
  ['both sections', { state: { desired: { a: 1 }, reported: { a: 1 } } }],
])('%s: accepted', (_what, document) => {
  expect(shadowOf().update(document)).toMatchObject({ accepted: true, response: { version: 1 } });
});

test('a version must be the present one; then nothing is changed, and the token comes back', () => {
  const thing = shadowOf();
  thing.update({ state: { desired: { a: 1 } } });
  thing.update({ state: { desired: { a: 2 } }, version: 1 });
  const before = thing.shadow;
  for (const version of [0, 1, 3]) {
    expect(thing.update({ state: { desired: { a: 3 } }, version, clientToken: 't' })).toEqual(
      rejected(409, 'Version conflict', { clientToken: 't' }),
    );
  }
  expect(thing.shadow).toBe(before);
});

test('desired and reported together may be 8,192 bytes, whatever their metadata comes to', () => {
  const limit = DEFAULT_LIMITS.size;
  const half = { a: 'x'.repeat(limit / 2 - '{"a":""}'.length) };
  const thing = shadowOf();
  expect(thing.update({ state: { desired: half } })).toMatchObject({ accepted: true });
  expect(thing.update({ state: { reported: half } })).toMatchObject({ accepted: true });
  expect(thing.update({ state: { reported: { a: `${half.a}x` } } })).toEqual(
    rejected(413, 'The payload exceeds the maximum size allowed'),
  );
  expect(thing.update({ state: { reported: { a: `${half.a}x` } } }, { size: 30_720 })).toMatchObject({
    accepted: true,
  });
});

test('what was deleted is not found, and whoever makes it again within 48 hours goes on with its version', () => {
  const thing = shadowOf();
  thing.update({ state: { desired: { a: 1 } } });
  thing.update({ state: { desired: { a: 2 } } });
  expect(thing.remove({ clientToken: 't' })).toMatchObject({
    accepted: true,
    response: { version: 2, timestamp: thing.now, clientToken: 't' },
  });
  expect(thing.get()).toEqual(rejected(404, 'No shadow exists with name: network'));
  expect(thing.remove()).toEqual(rejected(404, 'No shadow exists with name: network'));
  thing.pass(47 * 3600);
  expect(thing.update({ state: { reported: { b: 1 } }, version: 1 })).toEqual(rejected(409, 'Version conflict'));
  const again = thing.update({ state: { reported: { b: 1 } } });
  expect(again).toMatchObject({ accepted: true, response: { version: 3 } });
  expect(again).not.toHaveProperty('documents.previous');
  thing.remove();
  thing.pass(49 * 3600);
  expect(thing.update({ state: {} })).toMatchObject({ accepted: true, response: { version: 1 } });
});

test('a get or delete takes any payload, and a token out of it', () => {
  const thing = shadowOf();
  thing.update({ state: { desired: { a: 1 } } });
  for (const payload of ['', '{}', 'no JSON', '[1]']) expect(thing.get(payload)).toMatchObject({ accepted: true });
  expect(thing.get({ clientToken: 5 })).toEqual(rejected(400, 'Invalid clientToken'));
});

test('__proto__ is a key as any other', () => {
  const thing = shadowOf();
  thing.update('{"state":{"desired":{"__proto__":{"polluted":true}}}}');
  expect(JSON.stringify(thing.get())).toContain('"__proto__":{"polluted":true}');
  expect({}).not.toHaveProperty('polluted');
});
