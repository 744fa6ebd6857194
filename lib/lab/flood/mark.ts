import { decodeIcmp } from '../../packet/icmp.ts';
import { decodeIpv4, ICMP, UDP } from '../../packet/ipv4.ts';
import { udpData } from '../../packet/ports.ts';

/** What a probe says about itself, wherever it turns up. */
export interface Mark {
  /** Number of the stream. */
  readonly stream: number;
  /** Number of the phase in which it was sent. */
  readonly phase: number;
  readonly sequence: number;
}

/** Tells a flood's packets from all others. */
const MAGIC = 0x66_62_66_6c;
export const MARK_LENGTH = 12;

/** Writes the mark at the beginning of a packet's data. */
export function writeMark(data: Buffer, { stream, phase, sequence }: Mark): void {
  data.writeUInt32BE(MAGIC, 0);
  data.writeUInt16BE(stream, 4);
  data.writeUInt16BE(phase, 6);
  data.writeUInt32BE(sequence, 8);
}

/** What an IPv4 packet is in a flood; null: none of ours, or an error about one. */
export function heardMark(bytes: Buffer): (Mark & { readonly kind: 'probe' | 'answer' }) | null {
  const packet = decodeIpv4(bytes);
  if (packet === null) return null;
  const echo = packet.protocol === ICMP ? decodeIcmp(packet.payload) : null;
  if (echo?.kind === 'error' || (echo === null && packet.protocol !== UDP)) return null;
  const data = echo === null ? udpData(packet.payload) : echo.data;
  if (data.length < MARK_LENGTH || data.readUInt32BE(0) !== MAGIC) return null;
  return {
    kind: echo?.kind === 'reply' ? 'answer' : 'probe',
    stream: data.readUInt16BE(4),
    phase: data.readUInt16BE(6),
    sequence: data.readUInt32BE(8),
  };
}
