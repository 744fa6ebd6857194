import type { Flow, Policy, PortRange } from '../../lib/policy/index.ts';

/** Interfaces of the router: where the client is, where the server is, and another. */
export interface Sides {
  readonly client: string;
  readonly server: string;
  readonly other: string;
}

/** The article's rules (its eth0, eth1, eth2), where the server is at the uplink's place: for `iptables-restore`. */
export function articleRules({ client, server, other }: Sides): string {
  return [
    '*nat',
    `-A POSTROUTING -o ${server} -j MASQUERADE`,
    'COMMIT',
    '*filter',
    ':INPUT ACCEPT [0:0]',
    ':FORWARD DROP [0:0]',
    ':OUTPUT ACCEPT [0:0]',
    `-A FORWARD -i ${server} -o ${client} -j ACCEPT`,
    `-A FORWARD -i ${server} -o ${other} -j ACCEPT`,
    `-A FORWARD -i ${other} -o ${server} -j ACCEPT`,
    `-A FORWARD -i ${client} -o ${server} -j ACCEPT`,
    'COMMIT',
    '',
  ].join('\n');
}

/** What the policy says, as somebody who knows iptables would write it: established conversations first, then a rule for each flow. */
export function linearRules(policy: Policy): string {
  return [
    '*filter',
    ':INPUT ACCEPT [0:0]',
    ':FORWARD DROP [0:0]',
    ':OUTPUT ACCEPT [0:0]',
    '-A FORWARD -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT',
    ...policy.flows.flatMap((flow) => flowRules(policy, flow)),
    'COMMIT',
    '',
  ].join('\n');
}

function flowRules(policy: Policy, { from, to, protocol, ports }: Flow): readonly string[] {
  const rule = `-A FORWARD -s ${addressesOf(policy, from)} -d ${addressesOf(policy, to)} -p ${protocol}`;
  if (protocol === 'icmp') return [`${rule} --icmp-type echo-request -j ACCEPT`];
  if (ports.length === 0) return [`${rule} -j ACCEPT`];
  return ports.map((range) => `${rule} --dport ${rangeText(range)} -j ACCEPT`);
}

function addressesOf({ nodes, segments }: Policy, party: string): string {
  const found =
    nodes.find(({ name }) => name === party)?.address ?? segments.find(({ name }) => name === party)?.subnet;
  if (found === undefined) throw new Error(`${party} has no addresses`);
  return found;
}

function rangeText({ from, to }: PortRange): string {
  return from === to ? `${from}` : `${from}:${to}`;
}
