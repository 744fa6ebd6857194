/** Everybody on the wire. */
export const BROADCAST = 'ff:ff:ff:ff:ff:ff';

export function macBytes(mac: string): Buffer {
  return Buffer.from(mac.replaceAll(':', ''), 'hex');
}

/** Six bytes as text: lower case, with colons. */
export function macText(bytes: Buffer): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(':');
}

/** The MAC address of an IPv4 multicast group (RFC 1112, 6.4): 23 bits of the group. */
export function groupMac(group: string): string {
  const [, second = 0, third = 0, fourth = 0] = group.split('.').map(Number);
  return macText(Buffer.of(0x01, 0x00, 0x5e, second & 0x7f, third, fourth));
}

/** The MAC address of an IPv6 multicast group (RFC 2464, 7): its last four bytes. */
export function groupMac6(group: Buffer): string {
  return macText(Buffer.concat([Buffer.of(0x33, 0x33), group.subarray(12)]));
}
