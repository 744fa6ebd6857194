import type { Policy } from '../policy/index.ts';
import type { Expectation } from './expectation.ts';
import { INTERNET, ROUTER } from './network.ts';
import { type Party, permission } from './permission.ts';
import { type PolicyAt, policyAt, policyAtAllTimes } from './term.ts';

/**
 * Can a canary measure this in the place of the device at this moment? It stands in the device's segment with an address of its own, so it may do what any
 * node of the segment may. What only the device itself may, by a flow that names it, a canary can't show; nor that such a flow has ended.
 */
export function canaryCanMeasure(policy: Policy, at: number, expectation: Expectation): boolean {
  const { from, verdict } = expectation;
  const segment = policy.nodes.find(({ name }) => name === from)?.segment;
  if (segment === undefined) return false;
  const may = (present: PolicyAt, name: string) => {
    const party: Party = { kind: 'node', name, segment };
    return permission(present, party, targetParty(policy, expectation), expectation.probe).allowed;
  };
  const anyNode = '';
  const ever = policyAtAllTimes(policy);
  if (may(ever, from) && !may(ever, anyNode)) return false;
  return may(policyAt(policy, at), anyNode) === (verdict === 'reachable');
}

function targetParty(policy: Policy, { to, address }: Expectation): Party {
  if (to === INTERNET) return { kind: 'internet' };
  const owner = policy.segments.find(({ router }) => router === address)?.name;
  if (to === ROUTER) return owner === undefined ? { kind: 'router' } : { kind: 'router', segment: owner };
  const node = policy.nodes.find(({ name }) => name === to);
  if (node === undefined) throw new Error(`${to} is no node of this policy`);
  return { kind: 'node', name: node.name, segment: node.segment };
}
