import { checksum } from './checksum.ts';

/**
 * The checksum of what UDP, TCP and ICMPv6 carry: it also covers the addresses (RFC 768, RFC 9293, RFC 8200 8.1). Of the two forms of
 * pseudo header the sums are equal, because zeros count nothing.
 * @param source @param destination 4 or 16 bytes
 */
export function checksumWithAddresses(source: Buffer, destination: Buffer, protocol: number, message: Buffer): number {
  const rest = Buffer.alloc(8);
  rest.writeUInt32BE(message.length, 0);
  rest.writeUInt8(protocol, 7);
  return checksum(Buffer.concat([source, destination, rest, message]));
}
