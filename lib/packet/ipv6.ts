import { macBytes } from './mac.ts';

/** An IPv6 packet (RFC 8200) without extension headers. Addresses are 16 bytes. */
export interface Ipv6Packet {
  readonly source: Buffer;
  readonly destination: Buffer;
  /** Number of the protocol in the payload (IANA). */
  readonly nextHeader: number;
  readonly payload: Buffer;
}

/** With 64 hops to live. */
export function encodeIpv6({ source, destination, nextHeader, payload }: Ipv6Packet): Buffer {
  const header = Buffer.alloc(40);
  header.writeUInt8(0x60, 0);
  header.writeUInt16BE(payload.length, 4);
  header.writeUInt8(nextHeader, 6);
  header.writeUInt8(64, 7);
  header.set(source, 8);
  header.set(destination, 24);
  return Buffer.concat([header, payload]);
}

/** @returns null for what is no IPv6 packet. The payload shares the memory of what was given. */
export function decodeIpv6(bytes: Buffer): Ipv6Packet | null {
  if (bytes.length < 40 || bytes.readUInt8(0) >> 4 !== 6) return null;
  return {
    source: bytes.subarray(8, 24),
    destination: bytes.subarray(24, 40),
    nextHeader: bytes.readUInt8(6),
    payload: bytes.subarray(40, Math.min(bytes.length, 40 + bytes.readUInt16BE(4))),
  };
}

/** The address text means (RFC 4291, 2.2), with at most one `::` and no embedded IPv4 address. Callers know that it is one. */
export function ipv6Bytes(text: string): Buffer {
  const [head = '', tail] = text.split('::');
  const words = (part: string) => (part === '' ? [] : part.split(':').map((word) => Number.parseInt(word, 16)));
  const [before, after] = [words(head), words(tail ?? '')];
  const all = [...before, ...Array<number>(8 - before.length - after.length).fill(0), ...after];
  const bytes = Buffer.alloc(16);
  all.forEach((word, index) => {
    bytes.writeUInt16BE(word, 2 * index);
  });
  return bytes;
}

/** The address that a node gives itself in a /64 from its MAC address (RFC 4291, appendix A). @param prefix such as `fe80::` */
export function addressOfMac(prefix: string, mac: string): Buffer {
  const [bytes, own] = [ipv6Bytes(prefix), macBytes(mac)];
  own.copy(bytes, 8, 0, 3);
  bytes.set([0xff, 0xfe], 11);
  own.copy(bytes, 13, 3, 6);
  bytes.writeUInt8(bytes.readUInt8(8) ^ 0x02, 8);
  return bytes;
}
