import fc from 'fast-check';
import { countermeasuresOf } from '../components/isolation-tester/careless-truck.ts';
import { policyDocument } from '../lib/policy/arbitrary.ts';
import { compiled, example, policyOf } from '../lib/truck/support.ts';
import { mutations } from './mutations.ts';
import { rulesetChanges, without } from './ruleset.ts';

const article = countermeasuresOf(compiled(example('article.yaml')));

/** Each on a line of its own, in bodies of chains other than that of the fingerprint. */
const rulesIn = (ruleset: string) =>
  ruleset.split('\n').filter((line) => /^ {4}\S/.test(line) && !line.includes('comment "firebreak '));

test.each(['host', 'edge', 'router'] as const)('each rule of the %s is taken out once', (layer) => {
  const taken = rulesetChanges(article[layer]).filter(({ takes }) => takes === 'rule');
  expect(taken).toHaveLength(rulesIn(article[layer]).length);
  expect(new Set(taken.map((change) => JSON.stringify(change))).size).toBe(taken.length);
});

test('each chain that drops by default accepts once', () => {
  const policies = rulesetChanges(article.router).filter(({ takes }) => takes === 'policy');
  expect(policies.map(({ chain }) => chain)).toEqual(['prerouting', 'input', 'forward', 'output']);
});

test('of any policy’s rulesets each mutation takes out exactly one thing, and no two the same', () => {
  fc.assert(
    fc.property(policyDocument(), (document) => {
      const whole = countermeasuresOf(compiled(policyOf(JSON.stringify(document))));
      const all = mutations(whole);
      expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
      for (const { layer, countermeasures } of all) {
        for (const other of Object.keys(whole) as (keyof typeof whole)[]) {
          if (other !== layer) expect(countermeasures[other]).toBe(whole[other]);
        }
        const [before, after] = [whole[layer], countermeasures[layer]];
        if (typeof before !== 'string' || typeof after !== 'string') expect(after).toHaveLength(before.length - 1);
        else expect(differingLines(before, after)).toBe(1);
      }
    }),
    { numRuns: 4 },
  );
});

/** Lines that one has and the other hasn't, a changed one counted once. */
function differingLines(before: string, after: string): number {
  const [longer, shorter] = [before.split('\n'), after.split('\n')];
  let first = 0;
  while (longer[first] === shorter[first] && first < longer.length) first++;
  let last = 0;
  while (longer.at(-1 - last) === shorter.at(-1 - last) && last < shorter.length - first) last++;
  return longer.length - first - last;
}

const RULESET = `table inet t {
  chain a { type filter hook input priority raw; policy drop; }
}
flush table inet t
table inet t {
  chain revision { counter comment "firebreak 000000000000"; }
  chain a {
    ip saddr { 10.0.0.1, 10.0.0.2 } ip daddr { 10.0.0.1 } accept
    ct mark set 0xabc accept
  }
}
`;

test('an element is taken out of the set that is meant', () => {
  const change = rulesetChanges(RULESET).find(({ takes }) => takes === 'element');
  expect(change).toMatchObject({ element: '10.0.0.1', set: 0 });
  expect(change && without(RULESET, change)).toContain('ip saddr { 10.0.0.2 } ip daddr { 10.0.0.1 } accept');
});

test('a rule that holds for a time holds at all times without that, whatever the moment in another policy’s ruleset', () => {
  const timed = (moment: number) =>
    RULESET.replace('ct mark set 0xabc', `meta time >= 5 meta time < ${moment} ct mark set 0xabc`);
  const change = rulesetChanges(timed(7)).find((one) => one.takes === 'condition' && one.condition.includes('<'));
  expect(change && without(timed(7), change)).toContain('    meta time >= 5 ct mark set 0xabc accept');
  expect(change && without(timed(8), change)).toBeNull();
  expect(change && without(timed(8), change, true)).toContain('    meta time >= 5 ct mark set 0xabc accept');
});

test('a rule is known again in a ruleset with another mark, and one of the same form only when asked for', () => {
  const [, , , , marked] = rulesetChanges(RULESET);
  expect(marked).toMatchObject({ rule: 'ct mark set REVISION accept' });
  const other = RULESET.replace('0xabc', '0xdef').replace('10.0.0.1, ', '');
  expect(marked && without(other, marked)).not.toContain('0xdef');
  const [, rule] = rulesetChanges(RULESET);
  expect(rule && without(other, rule)).toBeNull();
  expect(rule && without(other, rule, true)).not.toContain('ip saddr');
});
