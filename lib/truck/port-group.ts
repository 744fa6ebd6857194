import { toSubnet } from '../policy/ipv4.ts';

/** Link groups from here on are segments' (ip-link(8), `group`: 31 bits); whatever is in one of them is a port of a segment. */
export const PORT_GROUPS = { from: 2 ** 30, to: 2 ** 31 - 1 };

/**
 * The link group of a segment's ports in the host's namespace, the ends of the containers' veths. It follows from the subnet, which is
 * unique on a truck and stays as long as the segment's network does: so a port keeps its group wherever somebody moves it, and edge and host
 * know it by that.
 * @param subnet with prefix length, at most 30; host bits are ignored
 */
export function portGroup(subnet: string): number {
  return PORT_GROUPS.from + (toSubnet(subnet).network >>> 2);
}
