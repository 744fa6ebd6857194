import { linearRules } from '../../bench/forwarding/iptables.ts';
import { CLIENT, halfDenied, SERVER, SERVER_PORT, STRANGER, withFlows } from '../../bench/policies.ts';
import type { Policy } from '../../lib/policy/index.ts';
import { expectations } from '../../lib/truck/expectations.ts';
import { type Party, permission } from '../../lib/truck/permission.ts';
import { policyAt } from '../../lib/truck/term.ts';

test.each([6, 24, 64])('of %i nodes exactly half of the ordered pairs may ping', (nodes) => {
  const policy = halfDenied(nodes);
  const members = new Set(policy.nodes.map(({ name }) => name));
  const pairs = expectations(policy, 0).filter(({ from, to }) => members.has(from) && members.has(to));
  expect(pairs).toHaveLength(nodes * (nodes - 1));
  expect(pairs.filter(({ verdict }) => verdict === 'reachable')).toHaveLength(pairs.length / 2);
});

describe.each([10, 1000, 10_000])('with %i flows', (count) => {
  const policy = withFlows(count);
  const probe = { protocol: 'udp', port: SERVER_PORT } as const;

  test('there are so many, and the client may speak to the server', () => {
    expect(policy.flows).toHaveLength(count);
    expect(permission(policyAt(policy, 0), party(policy, CLIENT), party(policy, SERVER), probe).allowed).toBe(true);
  });

  test('the stranger may not, by no protocol', () => {
    for (const tried of [probe, { ...probe, protocol: 'tcp' }, { protocol: 'icmp' }] as const) {
      expect(permission(policyAt(policy, 0), party(policy, STRANGER), party(policy, SERVER), tried).allowed).toBe(
        false,
      );
    }
  });

  test('iptables gets a rule for each', () => {
    const rules = linearRules(policy).split('\n');
    expect(rules.filter((rule) => rule.startsWith('-A FORWARD -s'))).toHaveLength(count);
  });
});

test('variants differ, and not in what is measured', () => {
  const [one, other] = [withFlows(10, 0), withFlows(10, 1)];
  expect(one.revision.hash).not.toBe(other.revision.hash);
  expect(one.flows.filter(({ from }) => from === CLIENT)).toEqual(other.flows.filter(({ from }) => from === CLIENT));
});

function party(policy: Policy, name: string): Party {
  const node = policy.nodes.find((candidate) => candidate.name === name);
  if (node === undefined) throw new Error(`no node ${name}`);
  return { kind: 'node', name, segment: node.segment };
}
