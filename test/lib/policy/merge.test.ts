import fc from 'fast-check';
import { effectiveFields } from '../../../lib/policy/effective-fields.ts';
import { checkDocument, mergePolicy } from '../../../lib/policy/index.ts';
import { mergePatch } from '../../../lib/policy/merge.ts';
import { pathOf } from '../../../lib/policy/problem-path.ts';
import { pathText } from '../../../lib/policy/problems.ts';
import { policyDocument } from './arbitrary.ts';
import { type Anything, validDocument } from './documents.ts';

const merge = (baseline: unknown, patch: unknown) =>
  mergePolicy(baseline, patch, { baseline: 'baseline', patch: 'patch' });
const pathsOf = (baseline: unknown, patch: unknown) => merge(baseline, patch).problems.map(({ path }) => path);
const broken = (fault: (document: Anything) => unknown): unknown => {
  const document = validDocument();
  fault(document);
  return document;
};

test.each<[unknown, unknown, unknown]>([
  [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
  [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
  [{ a: 'b' }, { a: null }, {}],
  [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
  [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
  [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
  [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
  [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
  [
    ['a', 'b'],
    ['c', 'd'],
    ['c', 'd'],
  ],
  [{ a: 'b' }, ['c'], ['c']],
  [{ a: 'foo' }, null, null],
  [{ a: 'foo' }, 'bar', 'bar'],
  [{ e: null }, { a: 1 }, { e: null, a: 1 }],
  [[1, 2], { a: 'b', c: null }, { a: 'b' }],
  [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
])('RFC 7396, appendix A: %j changed by %j is %j', (target, patch, result) => {
  expect(mergePatch(target, patch)).toEqual(result);
});

test('a merge changes neither document', () => {
  const baseline = validDocument();
  merge(baseline, { segments: { cab: { vlan: 11 } }, devices: { panel: null } });
  expect(baseline).toEqual(validDocument());
});

test('a policy on an empty baseline, and an empty patch on a policy, are that policy', () => {
  fc.assert(
    fc.property(policyDocument(), (document) => {
      const { policy } = checkDocument(document);
      expect(merge({}, document).policy).toEqual(policy);
      expect(merge(document, {}).policy).toEqual(policy);
    }),
    { numRuns: 20 },
  );
});

describe('a problem points into the document that the field comes from', () => {
  test.each<[string, unknown, unknown, readonly string[]]>([
    ['a wrong value of the patch', validDocument(), { segments: { cab: { vlan: 'x' } } }, ['patch.segments.cab.vlan']],
    [
      'a wrong value of the baseline',
      broken((d) => (d.segments.cab.vlan = 'x')),
      { sequence: 4 },
      ['baseline.segments.cab.vlan'],
    ],
    [
      'what the patch forgot in an entry of its own',
      validDocument(),
      { devices: { radio: { segment: 'cab' } } },
      ['patch.devices.radio.mac'],
    ],
    [
      'what both forgot in an entry of the baseline’s',
      broken((d) => delete d.devices.panel.mac),
      { devices: { panel: { address: '10.20.20.7' } } },
      ['baseline.devices.panel.mac'],
    ],
    ['what the patch removed', validDocument(), { trunk: null }, ['patch.trunk']],
    [
      'a field of what the patch removed',
      validDocument(),
      { segments: { cab: { router: null } } },
      ['patch.segments.cab.router'],
    ],
    [
      'a list that the patch replaced',
      validDocument(),
      { flows: { web: { ports: [443, 'x'] } } },
      ['patch.flows.web.ports[1]'],
    ],
    ['an unknown key of the patch', validDocument(), { segments: { cab: { vlann: 1 } } }, ['patch.segments.cab.vlann']],
    [
      'a node of the baseline whose segment the patch removed',
      validDocument(),
      { containers: { dashboard: null }, flows: null, segments: { cab: null } },
      ['baseline.devices.tablet.segment'],
    ],
    [
      'a segment that the patch adds to the baseline’s broadcast',
      broken((d) => (d.broadcasts = { gps: { from: 'tablet', to: ['pump'], port: 10110 } })),
      { broadcasts: { gps: { to: ['pump', 'radio'] } } },
      ['patch.broadcasts.gps.to[1]'],
    ],
    [
      'a broadcast of the baseline whose source the patch removed',
      broken((d) => (d.broadcasts = { gps: { from: 'tablet', to: ['pump'], port: 10110 } })),
      { devices: { tablet: null } },
      ['baseline.broadcasts.gps.from'],
    ],
    ['a patch that is none', validDocument(), 'x', ['patch']],
    ['a baseline that is none', 7, {}, ['baseline']],
    ['a patch that is no JSON', validDocument(), { trunk: new Date() }, ['patch.trunk']],
    [
      'a patch that reaches into JavaScript',
      validDocument(),
      JSON.parse('{"__proto__": {"x": 1}}'),
      ['patch.__proto__'],
    ],
    [
      'a name that is hard to write',
      validDocument(),
      { devices: { 'a b': { segment: 'cab', mac: '02:00:00:00:00:01', address: '10.20.10.9' } } },
      ['patch.devices["a b"]'],
    ],
  ])('%s', (_what, baseline, patch, paths) => {
    expect(pathsOf(baseline, patch)).toEqual(paths);
  });

  test('and nothing that JSON can say makes it throw', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (baseline, patch) => {
        for (const path of pathsOf(baseline, patch)) expect(path).toMatch(/^(baseline|patch)\b/);
      }),
    );
  });
});

test('a path as text and as keys is the same', () => {
  const key = fc.oneof(
    fc.string({ minLength: 1, maxLength: 30 }),
    fc.stringMatching(/^[a-z][a-z0-9-]{0,20}$/),
    fc.nat(99),
  );
  fc.assert(
    fc.property(fc.array(key, { minLength: 1, maxLength: 5 }), (path) => {
      fc.pre(path[0] !== 'policy' || path.length > 1);
      expect(pathOf(pathText(path))).toEqual(path);
    }),
  );
});

describe('the fields of an effective policy', () => {
  const fields = (patch: unknown) => {
    const baseline = validDocument();
    return effectiveFields(baseline, merge(baseline, patch)).map(({ path, ...field }) => ({
      path: pathText(path),
      ...field,
    }));
  };

  test('are the baseline’s where the truck says nothing', () => {
    expect(fields({}).every(({ origin }) => origin === 'baseline')).toBe(true);
  });

  test('are the truck’s where it says something, with what the baseline has', () => {
    const changed = fields({ segments: { cab: { vlan: 11 } }, devices: { panel: null, radio: { segment: 'cab' } } });
    expect(changed.filter(({ origin }) => origin === 'truck')).toEqual([
      { path: 'segments.cab.vlan', value: 11, origin: 'truck', was: 10 },
      { path: 'devices.panel', value: undefined, origin: 'truck', was: validDocument().devices.panel },
      { path: 'devices.radio.segment', value: 'cab', origin: 'truck' },
    ]);
  });

  test('give the effective policy again', () => {
    fc.assert(
      fc.property(policyDocument(), policyDocument(), (baseline, patch) => {
        const merged = merge(baseline, patch);
        const result: Anything = {};
        for (const { path, value } of effectiveFields(baseline, merged)) {
          if (value === undefined) continue;
          let map = result;
          for (const key of path.slice(0, -1)) map = map[key] ??= {};
          map[path.at(-1) as string] = value;
        }
        const withoutEmpty = JSON.parse(JSON.stringify(merged.document), (_key, value) =>
          typeof value === 'object' && Object.keys(value).length === 0 ? undefined : value,
        );
        expect(result).toEqual(withoutEmpty);
      }),
      { numRuns: 30 },
    );
  });
});
