import type { Policy } from '../policy/index.ts';

/**
 * Link groups of the router's interfaces (ip-link(8), `group`; nft(8), `iifgroup`). A segment's group is its VLAN ID; the host link and
 * the uplinks follow above the highest VLAN ID. Group 0 is the kernel's default: an interface nobody declared.
 */
export const HOST_GROUP = 4999;
export const UPLINK_GROUPS = 5000;

export function segmentGroup(policy: Policy, segment: string): number {
  const found = policy.segments.find((candidate) => candidate.name === segment);
  if (found === undefined) throw new Error(`no segment ${segment} in this policy`);
  return found.vlan;
}

export function uplinkGroups(policy: Policy): readonly { readonly name: string; readonly group: number }[] {
  return policy.uplinks.map((uplink, index) => ({ name: uplink.name, group: UPLINK_GROUPS + index }));
}
