import type { Flow, Policy } from '../policy/index.ts';
import { servedSegments } from './address-service.ts';
import type { Expectation, Probe } from './expectation.ts';
import { INTERNET, ROUTER } from './network.ts';
import { DHCP_PORT, DNS_PORT, type Party, permission } from './permission.ts';
import { type PolicyAt, policyAt } from './term.ts';

/** A party together with the address at which it is probed. */
interface Target {
  readonly party: Party;
  readonly label: string;
  readonly address: string;
}

const ICMP: Probe = { protocol: 'icmp' };
const DNS: readonly Probe[] = [
  { protocol: 'udp', port: DNS_PORT },
  { protocol: 'tcp', port: DNS_PORT },
];
const DHCP: Probe = { protocol: 'udp', port: DHCP_PORT };

/**
 * Everything that the policy promises at a moment (milliseconds since 1970), computed, never written by hand: each node to each other node, to each of the
 * router's addresses and to the internet by ICMP; the router to each node; for each flow its first port, the
 * port after its last one and the reverse direction, also of those that are not in force then, which must be closed; and where the router serves DHCP
 * and DNS, to that in the node's own segment and in each other one.
 */
export function expectations(policy: Policy, at: number): readonly Expectation[] {
  const present = policyAt(policy, at);
  const nodes = policy.nodes.map(
    (node): Target => ({
      party: { kind: 'node', name: node.name, segment: node.segment },
      label: node.name,
      address: node.address,
    }),
  );
  const routers = policy.segments.map(
    (segment): Target => ({
      party: { kind: 'router', segment: segment.name },
      label: `${ROUTER}@${segment.name}`,
      address: segment.router,
    }),
  );
  const internet: Target = { party: { kind: 'internet' }, label: INTERNET, address: policy.internet.probe };

  const served = new Set(servedSegments(policy).map(({ name }) => name));

  // Without an uplink there is no way out that could be tried.
  const outside = policy.uplinks.length > 0 ? [internet] : [];

  const found = new Map<string, Expectation>();
  const expect = (from: Target, to: Target, probe: Probe) => {
    const expectation = expectationOf(present, from, to, probe);
    found.set(expectation.id, expectation);
  };

  for (const from of nodes) {
    for (const to of [...nodes, ...routers, ...outside]) if (to !== from) expect(from, to, ICMP);
  }
  for (const from of nodes) {
    for (const to of routers) {
      const there = segmentOf(to);
      if (there === undefined || !served.has(there)) continue;
      for (const probe of there === segmentOf(from) ? DNS : [...DNS, DHCP]) expect(from, to, probe);
    }
  }
  const router: Target = { party: { kind: 'router' }, label: ROUTER, address: '' };
  for (const to of nodes) expect(router, to, ICMP);

  for (const flow of policy.flows) {
    const probes = flowProbes(flow);
    if (probes.length === 0) continue;
    for (const from of members(nodes, internet, flow.from)) {
      for (const to of members(nodes, internet, flow.to)) {
        for (const probe of probes) {
          if (from.party.kind === 'node') expect(from, to, probe);
          if (to.party.kind === 'node' && from.party.kind === 'node') expect(to, from, probe);
        }
      }
    }
  }
  return [...found.values()];
}

const segmentOf = ({ party }: Target): string | undefined => (party.kind === 'internet' ? undefined : party.segment);

function members(nodes: readonly Target[], internet: Target, party: string): readonly Target[] {
  if (party === INTERNET) return [internet];
  return nodes.filter(({ party: node }) => node.kind === 'node' && (node.name === party || node.segment === party));
}

/** The first port of a flow, and the neighbour after each of its ranges, which must be closed unless another flow opens it. */
function flowProbes(flow: Flow): readonly Probe[] {
  const { protocol } = flow;
  if (protocol === 'icmp') return [];
  const ranges = flow.ports.length > 0 ? flow.ports : [{ from: 1, to: 65535 }];
  const ports = new Set<number>();
  for (const range of ranges) {
    ports.add(range.from);
    if (range.to < 65535) ports.add(range.to + 1);
  }
  return [...ports].map((port) => ({ protocol, port }));
}

function expectationOf(policy: PolicyAt, from: Target, to: Target, probe: Probe): Expectation {
  const { allowed, because } = permission(policy, from.party, to.party, probe);
  return {
    id: `${from.label}>${to.label} ${probe.protocol === 'icmp' ? 'icmp' : `${probe.protocol}/${probe.port}`}`,
    from: from.label,
    to: to.party.kind === 'router' ? ROUTER : to.label,
    address: to.address,
    probe,
    verdict: allowed ? 'reachable' : 'isolated',
    because,
  };
}
