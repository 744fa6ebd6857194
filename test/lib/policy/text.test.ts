import { stringify } from 'yaml';
import { parsePolicy } from '../../../lib/policy/index.ts';
import { validDocument } from './documents.ts';

const valid = stringify(validDocument());
const problemsOf = (text: string) => parsePolicy(text).problems;

/** [what the text is, the text, path of the problem, words of its message] */
const refused: [string, string, string, RegExp][] = [
  ['nothing', '', 'policy', /holds no policy/],
  ['nothing but a comment', '# soon\n', 'policy', /holds no policy/],
  ['null', 'null', 'policy', /holds no policy/],
  ['a word', 'hello', 'policy', /map.*the text "hello"/],
  ['a list', '- version: 1\n', 'policy', /map.*a list/],
  ['an open bracket', 'version: 1\nflows: {web: {\n', 'policy', /Line 3, column 1: .*not valid YAML/],
  ['a tab as indentation', 'version: 1\ntrunk:\n\tinterface: a\n', 'policy', /Line 3, column 1: .*[Tt]abs/],
  ['crooked indentation', 'trunk:\n  interface: a\n other: b\n', 'policy', /Line 3, column 1.*same column/],
  ['two documents', `${valid}---\n${valid}`, 'policy', /more than one YAML document/],
  ['an alias', 'version: &one 1\nsequence: *one\n', 'policy', /Line 2, column 11: .*alias.*\*one/],
  ['a merge', 'a: &a {b: 1}\nc:\n  <<: *a\n', 'policy', /alias/],
  ['a tag', 'version: !!int "1"\n', 'policy', /Line 1, column \d+: .*tags/],
  ['a tag of its own', 'trunk: !secret {interface: a}\n', 'policy', /tags.*!secret/],
  ['a list as key', '? [a]\n: 1\n', 'policy', /key that is not plain text/],
  ['a key that is there twice', `${valid}version: 1\n`, 'version', /Line \d+, column 1: .*twice/],
  ['a segment that is there twice', 'segments:\n  a: {}\n  b: {}\n  a: {}\n', 'segments.a', /Line 4, column 3/],
  ['a prototype', '__proto__: {version: 1}\n', '__proto__', /not accepted/],
  ['deep nesting', '['.repeat(100_000), 'policy', /nested too deeply/],
  ['deep nesting in lines', '- '.repeat(100_000), 'policy', /nested too deeply/],
  [
    'nesting that the parser can bear but no policy has',
    `flows: ${'['.repeat(18)}${']'.repeat(18)}`,
    'flows[0][0]',
    /levels deep/,
  ],
  ['3 MiB', `# ${'x'.repeat(3 * 1024 * 1024)}`, 'policy', /characters.*at most/],
  ['a flood of brackets', ']'.repeat(200_000), 'policy', /not valid YAML/],
  ['a flood of words', '"" '.repeat(600_000), 'policy', /words and signs/],
];

test.each(refused)('%s is refused', (_name, text, path, words) => {
  const { policy, problems } = parsePolicy(text);
  expect(policy).toBeUndefined();
  expect(problems).toContainEqual({ severity: 'error', path, message: expect.stringMatching(words) });
});

test('a bomb of aliases is refused, not built', () => {
  const bomb = Array.from({ length: 30 }, (_, i) => `a${i + 1}: &a${i + 1} [${`*a${i}, `.repeat(9)}]`);
  expect(problemsOf(['a0: &a0 [lol]', ...bomb].join('\n'))[0]?.message).toMatch(/aliases/);
});

test('no more than twenty errors of syntax are listed', () => {
  const problems = problemsOf('"a" '.repeat(1000));
  expect(problems).toHaveLength(21);
  expect(problems[20]?.message).toMatch(/more errors of syntax/);
});

test('a duplicate key does not hide the other faults', () => {
  const paths = problemsOf(`${valid.replace('vlan: 10', 'vlan: ten')}version: 1\n`).map(({ path }) => path);
  expect(paths).toEqual(['version', 'segments.cab.vlan']);
});

test('JSON is read as well, with tabs, a byte order mark and Windows line ends', () => {
  const json = `\uFEFF${JSON.stringify(validDocument(), null, '\t')}`.replaceAll('\n', '\r\n');
  expect(parsePolicy(json).policy).toEqual(parsePolicy(valid).policy);
  expect(parsePolicy(json, { format: 'json' }).policy).toEqual(parsePolicy(valid).policy);
});

test('what has to be JSON must not be YAML', () => {
  const { policy, problems } = parsePolicy(valid, { format: 'json' });
  expect(policy).toBeUndefined();
  expect(problems[0]?.message).toMatch(/not valid JSON/);
});

test('duplicate keys are found in JSON too', () => {
  const problems = parsePolicy('{"version": 1, "version": 1}', { format: 'json' }).problems;
  expect(problems[0]).toMatchObject({ path: 'version', message: expect.stringMatching(/twice/) });
});

test('a directive does not turn YAML into its older version, where 02:00:10 is a number', () => {
  expect(parsePolicy(`%YAML 1.1\n---\n${valid}`).policy).toEqual(parsePolicy(valid).policy);
});
