import type { Policy } from '../policy/index.ts';
import type { Expectation } from './expectation.ts';
import { INTERNET, ROUTER } from './network.ts';
import { type Party, permission } from './permission.ts';

/**
 * Can a canary measure this in the place of the device? It stands in the device's segment with an address of its own, so it may do what any
 * node of the segment may. What only the device itself may, by a flow that names it, a canary can't show.
 */
export function canaryCanMeasure(policy: Policy, expectation: Expectation): boolean {
  const segment = policy.nodes.find(({ name }) => name === expectation.from)?.segment;
  if (segment === undefined) return false;
  const anyNode: Party = { kind: 'node', name: '', segment };
  const { allowed } = permission(policy, anyNode, targetParty(policy, expectation), expectation.probe);
  return allowed === (expectation.verdict === 'reachable');
}

function targetParty(policy: Policy, { to, address }: Expectation): Party {
  if (to === INTERNET) return { kind: 'internet' };
  const owner = policy.segments.find(({ router }) => router === address)?.name;
  if (to === ROUTER) return owner === undefined ? { kind: 'router' } : { kind: 'router', segment: owner };
  const node = policy.nodes.find(({ name }) => name === to);
  if (node === undefined) throw new Error(`${to} is no node of this policy`);
  return { kind: 'node', name: node.name, segment: node.segment };
}
