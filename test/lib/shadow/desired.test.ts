import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { parse } from 'yaml';
import { parsePolicy } from '../../../lib/policy/index.ts';
import { readDesired, type Wish, writeWish } from '../../../lib/shadow/index.ts';
import { SHADOW_DEPTH, shadowDepth } from '../../../lib/shadow/limits.ts';
import { policyDocument } from '../policy/arbitrary.ts';
import { type Anything, validDocument } from '../policy/documents.ts';

const THING = 'truck-7';
const FOLDER = join(__dirname, '../../../examples');
const read = (desired: unknown, context: object = {}) => readDesired(desired, { thing: THING, ...context });
const zip = (value: unknown) => gzipSync(JSON.stringify(value)).toString('base64');
const broken = (fault: (document: Anything) => unknown): unknown => {
  const document = validDocument();
  fault(document);
  return document;
};
/** What a truck's file differs in. */
const PATCH = { containers: { control: { image: 'alpine:3' } } };

function policyOf(wish: Wish) {
  if (wish.kind !== 'policy') throw new Error(JSON.stringify(wish));
  return wish.policy;
}
function pathsOf(wish: Wish): readonly string[] {
  return wish.kind === 'nothing' ? [] : wish.problems.map(({ path }) => path);
}

describe('a policy is taken', () => {
  test('as it stands, and means what it means in a file', () => {
    const wish = read({ policy: validDocument() });
    expect(policyOf(wish)).toEqual(parsePolicy(JSON.stringify(validDocument())).policy);
    expect(wish).toMatchObject({ id: expect.stringMatching(/^[0-9a-f]{12}$/), problems: [] });
  });

  test('packed', () => {
    expect(policyOf(read({ policyGzip: zip(validDocument()) }))).toEqual(policyOf(read({ policy: validDocument() })));
  });

  test('as a patch on the baseline, plain or packed; null removes', () => {
    const context = { baseline: validDocument() };
    const expected = broken((d) => (d.containers.control.image = 'alpine:3'));
    expect(policyOf(read({ patch: PATCH }, context))).toEqual(policyOf(read({ policy: expected })));
    const patch = { devices: { panel: null } };
    const without = broken((d) => delete d.devices.panel);
    expect(policyOf(read({ patchGzip: zip(patch) }, context))).toEqual(policyOf(read({ policy: without })));
  });

  test('by the truck that it is for', () => {
    expect(read({ policy: validDocument(), thing: THING }).kind).toBe('policy');
  });

  test('with the sequence number that stands beside it, also in a patch', () => {
    const context = { baseline: validDocument(), lastSequence: 12 };
    expect(policyOf(read({ policy: validDocument(), sequence: 12 }, context)).revision.sequence).toBe(12);
    expect(policyOf(read({ patch: PATCH, sequence: 13 }, context)).revision.sequence).toBe(13);
    expect(policyOf(read({ policy: validDocument() }, context)).revision.sequence).toBe(3);
  });

  test('whose document gives the same revision when it is read again', () => {
    fc.assert(
      fc.property(policyDocument(), (policy) => {
        const wish = read({ policy });
        if (wish.kind !== 'policy') throw new Error(JSON.stringify(wish));
        expect(parsePolicy(wish.document).policy).toEqual(wish.policy);
      }),
      { numRuns: 30 },
    );
  });
});

test('an equal section has an equal id, whatever the order of its keys, and another one another', () => {
  const reversed = Object.fromEntries(Object.entries(validDocument()).reverse());
  const id = (desired: unknown) => (read(desired) as { id: string }).id;
  expect(id({ policy: reversed })).toBe(id({ policy: validDocument() }));
  expect(id({ policy: validDocument(), sequence: 4 })).not.toBe(id({ policy: validDocument() }));
});

test.each([[undefined], [null], [{}]])('%j wishes for nothing', (desired) => {
  expect(read(desired)).toEqual({ kind: 'nothing' });
});

const deep = (levels: number): unknown => JSON.parse(`${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`);
const cyclic: Record<string, unknown> = {};
cyclic.policy = cyclic;

/** Every refusal has a field path and a reason; `test/lib/policy/faults.test.ts` has the faults of policies themselves. */
const REFUSED: readonly [string, unknown, readonly string[], RegExp, object?][] = [
  ['text', 'policy', ['desired'], /got the text "policy"/],
  ['a list', [validDocument()], ['desired'], /got a list/],
  ['a number', 7, ['desired'], /got 7/],
  ['neither policy nor patch', { thing: THING }, ['desired'], /no policy in it/],
  ['a policy and a patch', { policy: validDocument(), patch: PATCH }, ['desired.patch'], /only one/, { baseline: {} }],
  ['both forms', { policy: validDocument(), policyGzip: zip({}) }, ['desired.policyGzip'], /only one/],
  ['a key of nobody', { policy: validDocument(), polcy: 1 }, ['desired.polcy'], /Did you mean policy\?/],
  ['a key that is hard to write', { policy: validDocument(), 'a b': 1 }, ['desired["a b"]'], /unknown/],
  [
    'the policy of another truck',
    { policy: validDocument(), thing: 'truck-8' },
    ['desired.thing'],
    /"truck-8".*"truck-7"/,
  ],
  ['a thing that is no text', { policy: validDocument(), thing: 8 }, ['desired.thing'], /got 8/],
  [
    'an older sequence',
    { policy: validDocument(), sequence: 4 },
    ['desired.sequence'],
    /older than 5/,
    { lastSequence: 5 },
  ],
  ['a sequence of text', { policy: validDocument(), sequence: '4' }, ['desired.sequence'], /whole number/],
  ['half a sequence', { policy: validDocument(), sequence: 1.5 }, ['desired.sequence'], /whole number/],
  ['a negative sequence', { policy: validDocument(), sequence: -1 }, ['desired.sequence'], /whole number/],
  ['a policy that is text', { policy: 'version: 1' }, ['desired.policy'], /this is the text/],
  ['a policy that is a list', { policy: [] }, ['desired.policy'], /this is a list/],
  [
    'a fault of shape',
    { policy: broken((d) => (d.segments.cab.vlan = 'ten')) },
    ['desired.policy.segments.cab.vlan'],
    /the text "ten"/,
  ],
  [
    'a missing field',
    { policy: broken((d) => delete d.segments.cab.subnet) },
    ['desired.policy.segments.cab.subnet'],
    /missing/,
  ],
  [
    'an unknown key of a policy',
    { policy: broken((d) => (d.segmnets = {})) },
    ['desired.policy.segmnets'],
    /Did you mean segments/,
  ],
  [
    'another version of the format',
    { policy: broken((d) => (d.version = 2)) },
    ['desired.policy.version'],
    /Expected 1/,
  ],
  [
    'a fault of meaning',
    { policy: broken((d) => (d.segments.pump.vlan = 10)) },
    ['desired.policy.segments.pump.vlan'],
    /VLAN 10 belongs/,
  ],
  [
    'a fault in a list',
    { policy: broken((d) => (d.flows.web.ports = [443, 'https'])) },
    ['desired.policy.flows.web.ports[1]'],
    /a port/,
  ],
  [
    'a policy that is packed and has a fault',
    { policyGzip: zip(broken((d) => (d.segments.cab.vlan = 0))) },
    ['desired.policyGzip.segments.cab.vlan'],
    /at least 1/,
  ],
  ['what is not base64', { policyGzip: '{"version":1}' }, ['desired.policyGzip'], /not base64/],
  ['base64 of what is no gzip', { policyGzip: Buffer.from('{}').toString('base64') }, ['desired.policyGzip'], /header/],
  [
    'gzip of what is no JSON',
    { policyGzip: gzipSync('version: 1').toString('base64') },
    ['desired.policyGzip'],
    /JSON/,
  ],
  [
    'gzip of what is no UTF-8',
    { policyGzip: gzipSync(Buffer.from([0x22, 0xff, 0x22])).toString('base64') },
    ['desired.policyGzip'],
    /unpacked/,
  ],
  [
    'a bomb',
    { policyGzip: gzipSync(Buffer.alloc(50_000_000, 32)).toString('base64') },
    ['desired.policyGzip'],
    /more than 1048576 bytes/,
  ],
  ['gzip that was cut', { policyGzip: zip(validDocument()).slice(0, 200) }, ['desired.policyGzip'], /unpacked/],
  ['packed, but not text', { policyGzip: 7 }, ['desired.policyGzip'], /Expected text/],
  ['a patch where there is no baseline', { patch: PATCH }, ['desired.patch'], /no baseline/],
  ['a patch that is a list', { patch: [] }, ['desired.patch'], /this is a list/, { baseline: validDocument() }],
  [
    'a fault in the patch',
    { patch: { segments: { cab: { vlan: 0 } } } },
    ['desired.patch.segments.cab.vlan'],
    /at least 1/,
    { baseline: validDocument() },
  ],
  [
    'a fault in the baseline',
    { patch: PATCH },
    ['baseline.segments.cab.vlan'],
    /at least 1/,
    { baseline: broken((d) => (d.segments.cab.vlan = 0)) },
  ],
  [
    'what a patch takes away',
    { patchGzip: zip({ trunk: null }) },
    ['desired.patchGzip.trunk'],
    /missing/,
    { baseline: validDocument() },
  ],
  [
    '100 kB',
    { policy: broken((d) => (d.containers.dashboard.environment = { A: 'x'.repeat(100_000) })) },
    ['desired'],
    /at most 100000/,
  ],
  ['20 levels', { policy: deep(20) }, ['desired.policy.a.a.a'], /Nested more than/],
  ['10,000 levels', { policy: deep(10_000) }, ['desired.policy.a.a.a'], /Nested more than/],
  ['a circle', cyclic, ['desired.policy.policy.policy.policy'], /Nested more than/],
  [
    'a key that reaches into JavaScript',
    { policy: JSON.parse('{"__proto__": {"version": 1}}') },
    ['desired.policy.__proto__'],
    /JavaScript/,
  ],
  ['a function', { policy: () => 1 }, ['desired.policy'], /something else/],
  ['a date', { policy: { version: new Date(0) } }, ['desired.policy.version'], /something else/],
  ['a very big number', { policy: { version: 1n } }, ['desired.policy.version'], /something else/],
];

test.each(REFUSED)('%s is refused, with field path and reason', (_what, desired, paths, reason, context = {}) => {
  const wish = read(desired, context);
  expect(wish).toMatchObject({ kind: 'refused', id: expect.stringMatching(/^[0-9a-f]{12}$/) });
  expect(pathsOf(wish)).toEqual(paths);
  expect(wish).toMatchObject({ problems: [{ severity: 'error', message: expect.stringMatching(reason) }] });
});

test('all faults are named at once', () => {
  const policy = broken((d) => {
    d.segments.cab.vlan = 'ten';
    d.segments.pump.router = '10.9.9.9';
  });
  expect(pathsOf(read({ policy, thing: 'truck-8', colour: 'red' }))).toEqual([
    'desired.colour',
    'desired.thing',
    'desired.policy.segments.cab.vlan',
    'desired.policy.segments.pump.router',
  ]);
});

test('nothing that JSON can say makes it throw, and each problem says where', () => {
  const odd = fc.oneof(
    fc.jsonValue(),
    fc.record({ policy: fc.jsonValue(), patch: fc.jsonValue(), sequence: fc.jsonValue() }, { requiredKeys: [] }),
    fc.record({ policyGzip: fc.oneof(fc.string(), fc.jsonValue().map(zip)), thing: fc.string() }),
    fc.anything(),
  );
  fc.assert(
    fc.property(odd, fc.option(fc.jsonValue()), (desired, baseline) => {
      for (const path of pathsOf(read(desired, { baseline }))) expect(path).toMatch(/^(desired|baseline)\b/);
    }),
    { numRuns: 300 },
  );
});

describe('all examples fit into a shadow', () => {
  test.each(readdirSync(FOLDER).filter((file) => file.endsWith('.yaml')))('%s', (file) => {
    const document = parse(readFileSync(join(FOLDER, file), 'utf8'));
    expect(shadowDepth({ policy: document })).toBeLessThanOrEqual(SHADOW_DEPTH);
    // A patch that removes something holds null, which a shadow can't: it is packed.
    const what = file.endsWith('-patch.yaml') ? 'patch' : 'policy';
    expect(Object.keys(writeWish({ what, document }, undefined).desired)).toEqual([
      what === 'patch' ? 'patchGzip' : 'policy',
    ]);
  });
});
