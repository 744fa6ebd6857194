import { Address4 } from 'ip-address';

/**
 * IPv4 addresses as numbers, so that "inside", "between" and "next" are arithmetic. Callers have checked the notation.
 */

/** A subnet as the interval of its addresses; both ends belong to it. */
export interface Subnet {
  readonly network: number;
  readonly broadcast: number;
  readonly prefixLength: number;
}

export function toNumber(address: string): number {
  return Number(new Address4(address).bigInt());
}

export function toAddress(number: number): string {
  return Address4.fromInteger(number).correctForm();
}

/** Host bits are ignored: 10.0.1.5/24 is the subnet 10.0.1.0/24. */
export function toSubnet(cidr: string): Subnet {
  const parsed = new Address4(cidr);
  return {
    network: Number(parsed.startAddress().bigInt()),
    broadcast: Number(parsed.endAddress().bigInt()),
    prefixLength: parsed.subnetMask,
  };
}

export function subnetText(subnet: Subnet): string {
  return `${toAddress(subnet.network)}/${subnet.prefixLength}`;
}

export function contains(subnet: Subnet, address: number): boolean {
  return subnet.network <= address && address <= subnet.broadcast;
}

export function overlap(a: Subnet, b: Subnet): boolean {
  return a.network <= b.broadcast && b.network <= a.broadcast;
}

/** The directed broadcast address of a subnet in CIDR notation (RFC 919), in dotted notation. */
export const broadcastOf = (subnet: string): string => toAddress(toSubnet(subnet).broadcast);
