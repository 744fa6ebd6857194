import fc from 'fast-check';
import { stringify } from 'yaml';
import { type Checked, checkDocument, parsePolicy } from '../../../lib/policy/index.ts';
import { policyDocument } from './arbitrary.ts';

/** Whatever comes in: no exception, and either a policy or at least one error that says where. */
function expectVerdict({ policy, problems }: Checked): void {
  const errors = problems.filter(({ severity }) => severity === 'error');
  expect(errors.length > 0).toBe(policy === undefined);
  for (const { path, message } of problems) {
    expect(path).not.toBe('');
    expect(message).toMatch(/^[\s\S]+[.?]$/);
  }
}

type Key = string | number;

/** The paths of everything inside a value. */
function pathsIn(value: unknown, path: readonly Key[] = []): (readonly Key[])[] {
  if (typeof value !== 'object' || value === null) return [path];
  const entries: [Key, unknown][] = Array.isArray(value) ? [...value.entries()] : Object.entries(value);
  return [path, ...entries.flatMap(([key, inner]) => pathsIn(inner, [...path, key]))];
}

/** A copy with the value at one path replaced, or removed if the new one is undefined. */
function replaced(value: unknown, path: readonly Key[], by: unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return by;
  if (Array.isArray(value)) return value.map((item, index) => (index === key ? replaced(item, rest, by) : item));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([name, inner]) => [
    name,
    name === key ? replaced(inner, rest, by) : inner,
  ]);
  return Object.fromEntries(entries.filter(([, inner]) => inner !== undefined));
}

const words = ['cab', 'internet', 'router', '', '10.0.0.1', '10.0.0.0/8', '0.0.0.0/0', '1-2', '99999-0', 'constructor'];
const surprise = () =>
  fc.oneof(
    fc.constant(undefined),
    fc.constantFrom<unknown>(...words, null, 0, -1, 1, 4094, 65535, 1e9, true, false, [], {}, [443], { vlan: 1 }),
    fc.ipV4(),
    fc.jsonValue(),
  );

test('arbitrary values get a verdict', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => expectVerdict(checkDocument(value))),
    { numRuns: 200 },
  );
  fc.assert(
    fc.property(fc.anything(), (value) => expectVerdict(checkDocument(value))),
    { numRuns: 200 },
  );
});

test('arbitrary values under the known keys get a verdict', () => {
  const sections = fc.record({
    version: fc.constant(1),
    trunk: fc.oneof(fc.constant({ interface: 'a' }), fc.jsonValue()),
    uplinks: fc.dictionary(fc.string(), fc.jsonValue()),
    segments: fc.dictionary(fc.string(), fc.jsonValue()),
    containers: fc.jsonValue(),
    devices: fc.dictionary(fc.string(), fc.jsonValue()),
    flows: fc.jsonValue(),
  });
  fc.assert(
    fc.property(sections, (value) => expectVerdict(checkDocument(value))),
    { numRuns: 200 },
  );
});

test('valid policies with fields removed and replaced get a verdict', () => {
  const mutations = fc.array(fc.tuple(fc.nat(), surprise()), { minLength: 1, maxLength: 5 });
  const property = fc.property(policyDocument(), mutations, (document, changes) => {
    const mutated = changes.reduce<unknown>((value, [choice, by]) => {
      const paths = pathsIn(value);
      return replaced(value, paths[choice % paths.length] ?? [], by);
    }, document);
    expectVerdict(checkDocument(mutated));
  });
  fc.assert(property, { numRuns: 500 });
});

test('arbitrary text gets a verdict', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 200 }),
    fc.array(fc.constantFrom(...'{}[]:,-?&*!|>%@`"\' \n\t#ab01<='), { maxLength: 60 }).map((signs) => signs.join('')),
  );
  fc.assert(
    fc.property(text, (input) => expectVerdict(parsePolicy(input))),
    { numRuns: 500 },
  );
});

test('text of a policy with pieces cut out, doubled and moved gets a verdict', () => {
  const cuts = fc.array(fc.tuple(fc.nat(), fc.nat(40), fc.string({ maxLength: 3 })), { minLength: 1, maxLength: 4 });
  const property = fc.property(policyDocument(), fc.boolean(), cuts, (document, json, changes) => {
    const text = changes.reduce(
      (before, [at, length, insert]) => {
        const start = at % before.length;
        return `${before.slice(0, start)}${insert}${before.slice(start + length)}`;
      },
      json ? JSON.stringify(document) : stringify(document, { aliasDuplicateObjects: false }),
    );
    expectVerdict(parsePolicy(text, json ? { format: 'json' } : {}));
  });
  fc.assert(property, { numRuns: 200 });
});
