import { checksum } from '../../packet/checksum.ts';
import { ETHER_IPV4, encodeFrame } from '../../packet/ethernet.ts';
import { encodeEchoRequest } from '../../packet/icmp.ts';
import { encodeIpv4, ICMP, UDP } from '../../packet/ipv4.ts';
import { MARK_LENGTH, type Mark, writeMark } from './mark.ts';
import type { Packets } from './stream.ts';

/** Bytes before the data of both protocols: Ethernet 14, IPv4 20, ICMP or UDP 8. */
const DATA_OFFSET = 42;
const FIRST_PORT = 42_000;

/** The frames of a stream, one for each MAC address; only the mark in them changes from packet to packet. */
export class FrameTemplates {
  readonly #frames: readonly Buffer[];
  readonly #isIcmp: boolean;

  constructor(packets: Extract<Packets, { kind: 'frames' }>, mac: string, to: string, stream: number) {
    this.#isIcmp = packets.protocol === 'icmp';
    const payload = this.#isIcmp ? echo(stream) : datagram(FIRST_PORT + stream, packets.port);
    const protocol = this.#isIcmp ? ICMP : UDP;
    const packet = encodeIpv4({ source: packets.source, destination: to, protocol, payload });
    this.#frames = packets.macs.map((destination) =>
      encodeFrame({ destination, source: mac, tags: [], etherType: ETHER_IPV4, payload: packet }),
    );
  }

  /** The next frame; valid until the next call. */
  next(mark: Mark): Buffer | undefined {
    const frame = this.#frames[mark.sequence % this.#frames.length];
    if (frame === undefined) return undefined;
    writeMark(frame.subarray(DATA_OFFSET), mark);
    if (this.#isIcmp) settleIcmp(frame.subarray(DATA_OFFSET - 8, DATA_OFFSET + MARK_LENGTH));
    return frame;
  }
}

function echo(stream: number): Buffer {
  return encodeEchoRequest({ id: stream + 1, sequence: 0, data: Buffer.alloc(MARK_LENGTH) });
}

/** Without a checksum, which IPv4 leaves to the sender (RFC 768). */
function datagram(from: number, to: number): Buffer {
  const bytes = Buffer.alloc(8 + MARK_LENGTH);
  bytes.writeUInt16BE(from, 0);
  bytes.writeUInt16BE(to, 2);
  bytes.writeUInt16BE(bytes.length, 4);
  return bytes;
}

/** The checksum of an ICMP message whose data has changed. */
export function settleIcmp(message: Buffer): void {
  message.writeUInt16BE(0, 2);
  message.writeUInt16BE(checksum(message), 2);
}
