import fc from 'fast-check';
import { groupBy } from '../../../lib/truck/group-by.ts';
import { hostRuleset } from '../../../lib/truck/ruleset/host.ts';
import { canonicalListing, carriedFingerprint, elements } from '../../../lib/truck/ruleset/text.ts';
import { policyDocument } from '../policy/arbitrary.ts';
import { compiled, example, policyOf } from './support.ts';

const article = compiled(example('article.yaml')).router.configuration.ruleset;

test('a ruleset carries its own fingerprint, and another text another one', () => {
  expect(carriedFingerprint(article.text)).toBe(article.fingerprint);
  const other = compiled(example('station.yaml')).router.configuration.ruleset;
  expect(other.fingerprint).not.toBe(article.fingerprint);
});

test('every base chain of the router drops what no rule allows, except where nothing is decided', () => {
  const chains = [...article.text.matchAll(/chain (\w+) \{ type (\w+) .* policy (\w+);/g)].map(
    ([, name, type, policy]) => [name, type, policy],
  );
  expect(chains).toEqual([
    ['prerouting', 'filter', 'drop'],
    ['input', 'filter', 'drop'],
    ['forward', 'filter', 'drop'],
    ['output', 'filter', 'drop'],
    ['uplink_nat', 'nat', 'accept'],
    ['relay', 'filter', 'accept'],
  ]);
});

test('no ruleset ever deletes a table or a chain: what changes is their content', () => {
  fc.assert(
    fc.property(policyDocument(), (document) => {
      const { text } = compiled(policyOf(JSON.stringify(document))).router.configuration.ruleset;
      expect(text).not.toMatch(/delete|destroy|flush ruleset/);
      expect(text.match(/flush table inet firebreak\n/g)).toHaveLength(1);
      expect(text.match(/flush table ip firebreak_relay\n/g)).toHaveLength(1);
    }),
  );
});

test('interfaces are never named in the router’s ruleset', () => {
  expect(article.text).not.toMatch(/iifname|oifname|eth\d/);
});

test('flows over the same pair are merged, so that no elements overlap', () => {
  const base = example('article.yaml');
  const flow = { from: 'container1', to: 'container2', protocol: 'tcp' as const };
  const { text } = compiled({
    ...base,
    flows: [
      { ...flow, name: 'a', ports: [{ from: 440, to: 450 }] },
      {
        ...flow,
        name: 'b',
        ports: [
          { from: 445, to: 460 },
          { from: 80, to: 80 },
        ],
      },
    ],
  }).router.configuration.ruleset;
  const pair = '1 . 2 . 10.0.1.4 . 10.0.2.4';
  expect(text).toContain(`iifgroup . oifgroup . ip saddr . ip daddr . tcp dport { ${pair} . 80 }`);
  expect(text).toContain(`oifgroup . iifgroup . ip daddr . ip saddr . tcp sport { ${pair} . 80 }`);
  expect(text).toContain(`tcp dport 440-460 iifgroup . oifgroup . ip saddr . ip daddr { ${pair} }`);
  expect(text).toContain(`tcp sport 440-460 oifgroup . iifgroup . ip daddr . ip saddr { ${pair} }`);
});

test('no swap leaves a moment in which something is open, or mute, because its set is empty: no set holds a subnet or a range', () => {
  fc.assert(
    fc.property(policyDocument(), (document) => {
      const { router, edgeRuleset, hostRuleset } = compiled(policyOf(JSON.stringify(document)));
      for (const { text } of [router.configuration.ruleset, edgeRuleset, hostRuleset]) {
        expect(text).not.toMatch(/\{[^{}\n]*\d[/-]\d[^{}\n]*\}/);
      }
      // Nor a map, where what isn’t found is let through.
      expect(edgeRuleset.text + hostRuleset.text).not.toMatch(/vmap/);
    }),
  );
});

test('a short range of ports is written as its ports', () => {
  const base = example('article.yaml');
  const ports = [{ from: 7000, to: 7002 }];
  const flow = { name: 'a', from: 'br0net', to: 'container2', protocol: 'udp' as const, ports };
  const { text } = compiled({ ...base, flows: [flow] }).router.configuration.ruleset;
  expect(text).toContain(
    'iifgroup . oifgroup . ip daddr . udp dport { 1 . 2 . 10.0.2.4 . 7000, 1 . 2 . 10.0.2.4 . 7001, 1 . 2 . 10.0.2.4 . 7002 }',
  );
});

test('the host drops what comes from each of its closed links, and what goes there', () => {
  const { text } = hostRuleset(['br0', 'enp2s0.1']);
  expect(text).toContain('iifname { "br0", "enp2s0.1" } counter drop');
  expect(text.match(/oifname \{ "br0", "enp2s0.1" \} counter drop/g)).toHaveLength(1);
});

test('the ruleset of a host without a host link says nothing of one, and has no chain that would need one', () => {
  const { text } = compiled(example('station.yaml')).hostRuleset;
  expect(text).not.toMatch(/fb-host|hook input|hook forward| ct /);
  expect(compiled(example('article.yaml')).hostRuleset.text).toMatch(/fb-host/);
});

test('listings are equal for equal sets, whatever the order and the white space', () => {
  expect(canonicalListing('a {  2 . 1 : drop, 1 . 2 : accept }\n\tb')).toBe(
    canonicalListing('a { 1 . 2 : accept, 2 . 1 : drop } b'),
  );
  expect(canonicalListing('a { 1, 2 }')).not.toBe(canonicalListing('a { 1, 3 }'));
});

test('elements are sorted and said once', () => {
  expect(elements(['b', 'a', 'b'])).toBe('{ a, b }');
});

test('groupBy keeps order and loses nothing', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(20)), (numbers) => {
      const groups = groupBy(numbers, (number) => String(number % 3));
      expect([...groups.values()].flat().sort()).toEqual([...numbers].sort());
      for (const [key, members] of groups)
        expect(members).toEqual(numbers.filter((number) => String(number % 3) === key));
    }),
  );
});
