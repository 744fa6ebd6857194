import fc from 'fast-check';
import type { Policy } from '../../../lib/policy/index.ts';
import { toAddress, toSubnet } from '../../../lib/policy/ipv4.ts';
import { policyDocument } from '../policy/arbitrary.ts';
import { compiled, example, policyOf } from './support.ts';

const station = example('station.yaml');

const rulesetOf = (policy: Policy) => compiled(policy).router.configuration.ruleset.text;
/** The rules of a chain. */
function chain(ruleset: string, name: string): readonly string[] {
  const body = new RegExp(`^ {2}chain ${name} \\{\\n((?: {4}.*\\n)*) {2}\\}$`, 'm').exec(ruleset)?.[1] ?? '';
  return body.split('\n').flatMap((line) => (line === '' ? [] : [line.trim()]));
}
const everybodyIn = (policy: Policy, name: string) =>
  toAddress(toSubnet(policy.segments.find((segment) => segment.name === name)?.subnet ?? '').broadcast);

test('the station’s broadcasts are taken from their sources, each by one rule with all that is known of it', () => {
  expect(chain(rulesetOf(station), 'messages')).toEqual([
    'iifgroup 30 ether saddr 02:00:00:00:1e:05 ip saddr 10.20.30.5 ip daddr { 10.20.30.15, 255.255.255.255 } udp dport 10110 ' +
      'ip hdrlength 5 ip length <= 540 limit rate 20/second burst 20 packets ' +
      'counter meta mark set 0xf12eb0ad dup to 10.20.10.255 dup to 10.20.20.127 drop comment "position"',
    'iifgroup 20 ether saddr 02:fb:80:4b:38:2a ip saddr 10.20.20.10 ip daddr { 239.192.0.1 } udp dport 7720 ' +
      'ip hdrlength 5 ip length <= 284 limit rate 5/second burst 5 packets ' +
      'counter meta mark set 0xf12eb0ad dup to 10.20.10.255 drop comment "pump-state"',
  ]);
});

test('and their copies leave as the router’s, a group’s to the group', () => {
  expect(chain(rulesetOf(station), 'copies')).toEqual([
    'oifgroup 10 ip saddr . ip daddr . udp dport { 10.20.30.5 . 10.20.30.15 . 10110, 10.20.30.5 . 255.255.255.255 . 10110 } ' +
      'ip ttl set 1 ip saddr set 10.20.10.1 ip daddr set 255.255.255.255 counter accept',
    'oifgroup 10 ip saddr . ip daddr . udp dport { 10.20.20.10 . 239.192.0.1 . 7720 } ' +
      'ip ttl set 1 ip saddr set 10.20.10.1 counter accept',
    'oifgroup 20 ip saddr . ip daddr . udp dport { 10.20.30.5 . 10.20.30.15 . 10110, 10.20.30.5 . 255.255.255.255 . 10110 } ' +
      'ip ttl set 1 ip saddr set 10.20.20.1 ip daddr set 255.255.255.255 counter accept',
  ]);
});

test('without broadcasts nothing is taken and no copy leaves, but both chains are there: the last broadcast goes by the same flush', () => {
  const ruleset = rulesetOf({ ...station, broadcasts: [] });
  expect(ruleset).toContain('chain relay { type filter hook prerouting priority -250; policy accept; }');
  for (const name of ['relay', 'messages', 'copies']) expect(chain(ruleset, name)).toEqual([]);
  expect(chain(ruleset, 'output')).toEqual(['meta mark 0xf12eb0ad goto copies', 'meta nfproto ipv4 accept']);
  expect(ruleset).not.toContain('dup to');
});

test('of any policy each broadcast is copied to its segments and to no other, and each copy may leave there and nowhere else', () => {
  fc.assert(
    fc.property(policyDocument(), (document) => {
      const policy = policyOf(JSON.stringify(document));
      const ruleset = rulesetOf(policy);
      const taking = chain(ruleset, 'messages');
      expect(taking).toHaveLength(policy.broadcasts.length);
      const leaving = chain(ruleset, 'copies');
      for (const { name, from, to, port, group } of policy.broadcasts) {
        const source = policy.nodes.find((node) => node.name === from);
        const [rule = '', ...more] = taking.filter((each) => each.endsWith(`comment "${name}"`));
        expect(more).toEqual([]);
        expect(rule).toContain(` ether saddr ${source?.mac} ip saddr ${source?.address} `);
        const copied = [...rule.matchAll(/dup to (\S+)/g)].map(([, address]) => address);
        expect(copied.sort()).toEqual(to.map((segment) => everybodyIn(policy, segment)).sort());
        const said = group ?? '255.255.255.255';
        const groups = leaving.flatMap((each) =>
          each.includes(`${source?.address} . ${said} . ${port}`) ? [/^oifgroup (\d+) /.exec(each)?.[1]] : [],
        );
        const vlans = policy.segments.filter((segment) => to.includes(segment.name)).map(({ vlan }) => `${vlan}`);
        expect(groups.sort()).toEqual(vlans.sort());
      }
    }),
  );
});
