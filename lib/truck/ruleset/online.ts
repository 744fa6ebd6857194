import type { Policy, Segment } from '../../policy/index.ts';

/** The segment that a flow's side is, or is in; none for the internet. */
export function segmentOf(policy: Policy, party: string): Segment | undefined {
  const name = policy.nodes.find((node) => node.name === party)?.segment ?? party;
  return policy.segments.find((segment) => segment.name === name);
}

/** Segments of which some node may speak to the internet. */
export function segmentsOnline(policy: Policy): readonly Segment[] {
  const opened = policy.flows.filter(({ to }) => to === 'internet').map(({ from }) => segmentOf(policy, from));
  return policy.segments.filter((segment) => segment.internet || opened.includes(segment));
}
