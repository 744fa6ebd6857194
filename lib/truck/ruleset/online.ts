import type { Policy, Segment, Term } from '../../policy/index.ts';

/** The segment that a flow's side is, or is in; none for the internet. */
export function segmentOf(policy: Policy, party: string): Segment | undefined {
  const name = policy.nodes.find((node) => node.name === party)?.segment ?? party;
  return policy.segments.find((segment) => segment.name === name);
}

/** The terms in which some node of the segment may speak to the internet, undefined for always. Empty: never. */
export function termsOnline(policy: Policy, segment: Segment): readonly (Term | undefined)[] {
  const opened = policy.flows.filter(({ to, from }) => to === 'internet' && segmentOf(policy, from) === segment);
  return [...(segment.internet ? [undefined] : []), ...opened.map(({ term }) => term)];
}

/** Segments of which some node may speak to the internet, at whatever time. */
export function segmentsOnline(policy: Policy): readonly Segment[] {
  return policy.segments.filter((segment) => termsOnline(policy, segment).length > 0);
}
