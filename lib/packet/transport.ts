import { TCP, UDP } from './ipv4.ts';
import type { PortHead } from './ports.ts';
import { checksumWithAddresses } from './pseudo-header.ts';

/** The addresses, 4 or 16 bytes each, of the packet that will carry it: checksums cover them. */
export interface Ends extends PortHead {
  readonly source: Buffer;
  readonly destination: Buffer;
}

/** A UDP datagram (RFC 768). */
export function encodeUdp(ends: Ends, data: Buffer): Buffer {
  const datagram = Buffer.alloc(8 + data.length);
  writePorts(datagram, ends);
  datagram.writeUInt16BE(datagram.length, 4);
  data.copy(datagram, 8);
  // 0 would mean that there is none.
  datagram.writeUInt16BE(checksumWithAddresses(ends.source, ends.destination, UDP, datagram) || 0xffff, 6);
  return datagram;
}

/** The SYN that opens a TCP connection (RFC 9293), with data, which a listener may ignore. */
export function encodeSyn(ends: Ends, sequence: number, data: Buffer): Buffer {
  const segment = Buffer.alloc(20 + data.length);
  writePorts(segment, ends);
  segment.writeUInt32BE(sequence, 4);
  segment.writeUInt8(5 << 4, 12);
  segment.writeUInt8(0x02, 13);
  segment.writeUInt16BE(0xffff, 14);
  data.copy(segment, 20);
  segment.writeUInt16BE(checksumWithAddresses(ends.source, ends.destination, TCP, segment), 16);
  return segment;
}

function writePorts(message: Buffer, { sourcePort, destinationPort }: PortHead): void {
  message.writeUInt16BE(sourcePort, 0);
  message.writeUInt16BE(destinationPort, 2);
}
