import { checksum } from './checksum.ts';

/** IP protocol numbers (IANA). */
export const ICMP = 1;
export const TCP = 6;
export const UDP = 17;

/** What an IPv4 packet (RFC 791) says, as far as probes need it. */
export interface Ipv4Packet {
  readonly source: string;
  readonly destination: string;
  readonly protocol: number;
  readonly payload: Buffer;
}

/** With a header of five words, not to be fragmented, and 64 hops to live. */
export function encodeIpv4({ source, destination, protocol, payload }: Ipv4Packet): Buffer {
  const header = Buffer.alloc(20);
  header.writeUInt8(0x45, 0);
  header.writeUInt16BE(20 + payload.length, 2);
  header.writeUInt16BE(0x4000, 6);
  header.writeUInt8(64, 8);
  header.writeUInt8(protocol, 9);
  header.set(source.split('.').map(Number), 12);
  header.set(destination.split('.').map(Number), 16);
  header.writeUInt16BE(checksum(header), 10);
  return Buffer.concat([header, payload]);
}

/** @returns null for what is no IPv4 packet, or a later fragment. The payload shares the memory of what was given. */
export function decodeIpv4(bytes: Buffer): Ipv4Packet | null {
  if (bytes.length < 20 || bytes.readUInt8(0) >> 4 !== 4) return null;
  const headerLength = (bytes.readUInt8(0) & 0x0f) * 4;
  const isLaterFragment = (bytes.readUInt16BE(6) & 0x1fff) !== 0;
  if (headerLength < 20 || bytes.length < headerLength || isLaterFragment) return null;
  return {
    source: dotted(bytes, 12),
    destination: dotted(bytes, 16),
    protocol: bytes.readUInt8(9),
    // What an ICMP error quotes is cut short; its header still tells the whole length.
    payload: bytes.subarray(headerLength, Math.max(headerLength, Math.min(bytes.length, bytes.readUInt16BE(2)))),
  };
}

/** Four bytes as an address. */
export function dotted(bytes: Buffer, offset: number): string {
  return `${bytes[offset]}.${bytes[offset + 1]}.${bytes[offset + 2]}.${bytes[offset + 3]}`;
}
