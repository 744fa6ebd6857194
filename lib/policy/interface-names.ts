import type { SegmentEntry, TrunkEntry } from './schema.ts';

/** Linux: IFNAMSIZ is 16 with the final NUL. */
export const MAX_INTERFACE_NAME = 15;

/** The bridge of a segment, as its author named it or as it follows from the segment's name. */
export function bridgeName(segment: string, entry: SegmentEntry): string {
  return entry.bridge ?? `fb-${segment}`;
}

/** The trunk's sub-interface that carries a segment's VLAN. */
export function vlanInterfaceName(trunk: TrunkEntry, entry: SegmentEntry): string {
  return `${trunk.interface}.${entry.vlan}`;
}
