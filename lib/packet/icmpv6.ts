import type { Echo } from './icmp.ts';
import { checksumWithAddresses } from './pseudo-header.ts';

/** IP protocol number (IANA). */
export const ICMPV6 = 58;

/** Types (RFC 4443). */
const ECHO_REQUEST = 128;
const ECHO_REPLY = 129;

/** @param source @param destination of the packet that carries it: the checksum covers them */
export function encodeEchoRequest6(source: Buffer, destination: Buffer, echo: Omit<Echo, 'kind'>): Buffer {
  const message = Buffer.alloc(8 + echo.data.length);
  message.writeUInt8(ECHO_REQUEST, 0);
  message.writeUInt16BE(echo.id, 4);
  message.writeUInt16BE(echo.sequence, 6);
  echo.data.copy(message, 8);
  message.writeUInt16BE(checksumWithAddresses(source, destination, ICMPV6, message), 2);
  return message;
}

/** @returns null for what is no echo */
export function decodeEcho6(message: Buffer): Echo | null {
  if (message.length < 8) return null;
  const type = message.readUInt8(0);
  if (type !== ECHO_REQUEST && type !== ECHO_REPLY) return null;
  return {
    kind: type === ECHO_REQUEST ? 'request' : 'reply',
    id: message.readUInt16BE(4),
    sequence: message.readUInt16BE(6),
    data: message.subarray(8),
  };
}
