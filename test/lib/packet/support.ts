import fc from 'fast-check';

/** What a test says of an IPv4 packet; the rest is usual. */
export interface Ipv4Parts {
  readonly source: string;
  readonly destination: string;
  readonly protocol: number;
  readonly payload: Buffer;
  /** A multiple of four bytes, at most 40. */
  readonly options?: Buffer;
  /** Bytes after the packet, as Ethernet pads short frames. */
  readonly padding?: Buffer;
  /** In units of 8 bytes. */
  readonly fragmentOffset?: number;
  readonly moreFragments?: boolean;
  readonly totalLength?: number;
}

/** An IPv4 packet (RFC 791) as bytes, written apart from what decodes it. The header's checksum is left out: nobody reads it. */
export function ipv4Packet(parts: Ipv4Parts): Buffer {
  const { source, destination, protocol, payload, options = Buffer.alloc(0), padding = Buffer.alloc(0) } = parts;
  const header = Buffer.alloc(20);
  header[0] = 0x40 | (5 + options.length / 4);
  header.writeUInt16BE(parts.totalLength ?? 20 + options.length + payload.length, 2);
  header.writeUInt16BE((parts.moreFragments ? 0x2000 : 0) | (parts.fragmentOffset ?? 0), 6);
  header[8] = 64;
  header[9] = protocol;
  header.set(source.split('.').map(Number), 12);
  header.set(destination.split('.').map(Number), 16);
  return Buffer.concat([header, options, payload, padding]);
}

export const bytes = (maxLength: number, minLength = 0): fc.Arbitrary<Buffer> =>
  fc.uint8Array({ minLength, maxLength }).map((array) => Buffer.from(array));

export const ipv4Parts = (): fc.Arbitrary<Required<Pick<Ipv4Parts, 'options' | 'padding'>> & Ipv4Parts> =>
  fc.record({
    source: fc.ipV4(),
    destination: fc.ipV4(),
    protocol: fc.nat(255),
    payload: bytes(64),
    options: fc.nat(10).map((words) => Buffer.alloc(words * 4, 1)),
    padding: bytes(26),
  });

export const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');
