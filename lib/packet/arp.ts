import { dotted } from './ipv4.ts';
import { macBytes, macText } from './mac.ts';

/** Length of an ARP message for Ethernet and IPv4. */
const LENGTH = 28;
/** Hardware type Ethernet, protocol type IPv4, lengths of their addresses (RFC 826). */
const ETHERNET_IPV4 = Buffer.of(0, 1, 0x08, 0, 6, 4);

/** An ARP message (RFC 826): who asks or tells (sender), about whom or to whom (target). */
export interface Arp {
  readonly operation: 'request' | 'reply';
  readonly senderMac: string;
  readonly senderAddress: string;
  /** In a request nobody knows it yet: 00:00:00:00:00:00. */
  readonly targetMac: string;
  readonly targetAddress: string;
}

export function encodeArp({ operation, senderMac, senderAddress, targetMac, targetAddress }: Arp): Buffer {
  return Buffer.concat([
    ETHERNET_IPV4,
    Buffer.of(0, operation === 'request' ? 1 : 2),
    macBytes(senderMac),
    Buffer.from(senderAddress.split('.').map(Number)),
    macBytes(targetMac),
    Buffer.from(targetAddress.split('.').map(Number)),
  ]);
}

/** @returns null for what is neither request nor reply for Ethernet and IPv4 */
export function decodeArp(bytes: Buffer): Arp | null {
  if (bytes.length < LENGTH || !bytes.subarray(0, 6).equals(ETHERNET_IPV4)) return null;
  const code = bytes.readUInt16BE(6);
  if (code !== 1 && code !== 2) return null;
  return {
    operation: code === 1 ? 'request' : 'reply',
    senderMac: macText(bytes.subarray(8, 14)),
    senderAddress: dotted(bytes, 14),
    targetMac: macText(bytes.subarray(18, 24)),
    targetAddress: dotted(bytes, 24),
  };
}
