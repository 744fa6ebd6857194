import { checksum } from './checksum.ts';
import { decodeIpv4, type Ipv4Packet } from './ipv4.ts';

/** ICMP types and codes (RFC 792, RFC 1812). */
const ECHO_REPLY = 0;
const UNREACHABLE = 3;
const ECHO_REQUEST = 8;
const TIME_EXCEEDED = 11;
const PORT_UNREACHABLE = 3;

export interface Echo {
  readonly kind: 'request' | 'reply';
  readonly id: number;
  readonly sequence: number;
  readonly data: Buffer;
}

/** That a packet of ours came to nothing, said by whoever stopped it. */
export interface IcmpError {
  readonly kind: 'error';
  /** The target itself says so: nobody listens at this port. */
  readonly portUnreachable: boolean;
  /** The beginning of the packet that it is about: its header and at least 8 bytes. */
  readonly about: Ipv4Packet;
}

export function encodeEchoRequest({ id, sequence, data }: Omit<Echo, 'kind'>): Buffer {
  const message = Buffer.alloc(8 + data.length);
  message.writeUInt8(ECHO_REQUEST, 0);
  message.writeUInt16BE(id, 4);
  message.writeUInt16BE(sequence, 6);
  data.copy(message, 8);
  message.writeUInt16BE(checksum(message), 2);
  return message;
}

/** @returns null for what is neither echo nor an error about an IPv4 packet */
export function decodeIcmp(message: Buffer): Echo | IcmpError | null {
  if (message.length < 8) return null;
  const type = message.readUInt8(0);
  if (type === ECHO_REQUEST || type === ECHO_REPLY) {
    return {
      kind: type === ECHO_REQUEST ? 'request' : 'reply',
      id: message.readUInt16BE(4),
      sequence: message.readUInt16BE(6),
      data: message.subarray(8),
    };
  }
  if (type !== UNREACHABLE && type !== TIME_EXCEEDED) return null;
  const about = decodeIpv4(message.subarray(8));
  return about === null
    ? null
    : { kind: 'error', about, portUnreachable: type === UNREACHABLE && message.readUInt8(1) === PORT_UNREACHABLE };
}
