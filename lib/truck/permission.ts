import type { Flow } from '../policy/index.ts';
import type { Probe } from './expectation.ts';
import { flowInWords, type PolicyAt } from './term.ts';

/** One side of a conversation: a node in its segment, the router, or the internet. */
export type Party =
  | { readonly kind: 'node'; readonly name: string; readonly segment: string }
  | { readonly kind: 'router'; readonly segment?: string }
  | { readonly kind: 'internet' };

export interface Permission {
  readonly allowed: boolean;
  /** The rule of the policy that explains it, in words. */
  readonly because: string;
}

/** Where the router serves it hears DNS (RFC 1035) and DHCP (RFC 2131) at these ports. */
export const DNS_PORT = 53;
export const DHCP_PORT = 67;

const allowed = (because: string): Permission => ({ allowed: true, because });
const denied = (because: string): Permission => ({ allowed: false, because });

/** May `from` open this conversation to `to`? The one place that answers; ruleset and expectations are checked against it. */
export function permission(policy: PolicyAt, from: Party, to: Party, probe: Probe): Permission {
  if (from.kind === 'router') return allowed('the router may reach every node');
  if (from.kind !== 'node') return denied('nothing may come in from the internet');
  if (to.kind === 'router') {
    if (to.segment !== from.segment) return denied(`${from.segment} and ${to.segment} are different segments`);
    return toOwnRouter(policy, from.segment, probe);
  }
  if (to.kind === 'node' && to.segment === from.segment) return allowed(`both are in segment ${from.segment}`);
  const flow = policy.flows.find(
    (candidate) => names(candidate.from, from) && names(candidate.to, to) && carries(candidate, probe),
  );
  if (flow !== undefined) return allowed(`flow ${flowInWords(flow)}`);
  if (to.kind === 'node')
    return denied(`${from.segment} and ${to.segment} are different segments and no flow allows it`);
  return policy.segments.some((segment) => segment.name === from.segment && segment.internet)
    ? allowed(`segment ${from.segment} has internet`)
    : denied(`segment ${from.segment} has no internet and no flow allows it`);
}

function toOwnRouter(policy: PolicyAt, segment: string, probe: Probe): Permission {
  if (probe.protocol === 'icmp') return allowed(`the router answers on its own address in ${segment}`);
  const isServed = policy.segments.some(({ name, dhcp }) => name === segment && dhcp !== undefined);
  if (isServed && probe.port === DNS_PORT) return allowed(`the router serves DNS in ${segment}`);
  // A probe comes from a port of its own, never from a DHCP client's.
  if (isServed && probe.protocol === 'udp' && probe.port === DHCP_PORT)
    return denied('the router serves DHCP to clients only, which ask from port 68');
  return denied('the router offers no such service');
}

function names(party: string, candidate: Party): boolean {
  if (candidate.kind === 'internet') return party === 'internet';
  return candidate.kind === 'node' && (party === candidate.name || party === candidate.segment);
}

function carries(flow: Flow, probe: Probe): boolean {
  if (flow.protocol !== probe.protocol) return false;
  if (probe.protocol === 'icmp' || flow.ports.length === 0) return true;
  return flow.ports.some((range) => range.from <= probe.port && probe.port <= range.to);
}
