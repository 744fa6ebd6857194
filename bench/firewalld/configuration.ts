import type { Flow, Policy } from '../../lib/policy/index.ts';
import { groupBy } from '../../lib/truck/group-by.ts';

/**
 * What the policy says, in firewalld's words: a zone for each segment, and a policy from zone to zone with a rich rule for each flow. What has
 * none is dropped.
 * @returns the files' contents by their paths below its configuration directory
 */
export function firewalldFiles(policy: Policy): Readonly<Record<string, string>> {
  const zones = policy.segments.map(({ name }) => [
    `zones/${name}.xml`,
    `<?xml version="1.0" encoding="utf-8"?>\n<zone target="DROP"><interface name="${name}"/></zone>\n`,
  ]);
  const party = (name: string) => partyOf(policy, name);
  const pairs = groupBy(policy.flows, ({ from, to }) => `${party(from).segment} ${party(to).segment}`);
  const policies = [...pairs].map(([pair, flows]) => {
    const [from = '', to = ''] = pair.split(' ');
    const rules = flows.flatMap((flow) => richRules(policy, flow));
    return [
      `policies/${from}-${to}.xml`,
      [
        '<?xml version="1.0" encoding="utf-8"?>',
        '<policy target="DROP">',
        `<ingress-zone name="${from}"/><egress-zone name="${to}"/>`,
        ...rules,
        '</policy>\n',
      ].join('\n'),
    ];
  });
  return Object.fromEntries([
    ...zones,
    ...policies,
    ['firewalld.conf', 'FirewallBackend=nftables\nLogDenied=off\nIPv6_rpfilter=no\nDefaultZone=drop\n'],
  ]) as Readonly<Record<string, string>>;
}

/** icmp has no ports in a rich rule, nor has it a direction: echo requests are told apart by their type. */
function richRules(policy: Policy, { from, to, protocol, ports }: Flow): readonly string[] {
  const rule = (what: string) =>
    `<rule family="ipv4"><source address="${partyOf(policy, from).addresses}"/><destination address="${partyOf(policy, to).addresses}"/>${what}<accept/></rule>`;
  if (protocol === 'icmp') return [rule('<icmp-type name="echo-request"/>')];
  return ports.map((range) =>
    rule(`<port protocol="${protocol}" port="${range.from === range.to ? range.from : `${range.from}-${range.to}`}"/>`),
  );
}

function partyOf({ nodes, segments }: Policy, name: string): { readonly addresses: string; readonly segment: string } {
  const node = nodes.find((candidate) => candidate.name === name);
  if (node !== undefined) return { addresses: node.address, segment: node.segment };
  const segment = segments.find((candidate) => candidate.name === name);
  if (segment === undefined) throw new Error(`${name} has no addresses`);
  return { addresses: segment.subnet, segment: segment.name };
}
