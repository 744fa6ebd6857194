import fc from 'fast-check';
import { decodeIpv4, ICMP, UDP } from '../../../lib/packet/ipv4.ts';
import { bytes, hex, ipv4Packet, ipv4Parts } from './support.ts';

test('a captured packet is read', () => {
  const captured = hex('4500 0024 0000 4000 4011 2eb9 0a00 0104 0808 0808 9c40 0035 0010 0000 6e6f 6e63 6531 3233');
  expect(decodeIpv4(captured)).toEqual({
    source: '10.0.1.4',
    destination: '8.8.8.8',
    protocol: UDP,
    payload: hex('9c40 0035 0010 0000 6e6f 6e63 6531 3233'),
  });
});

test('what was put into a packet comes out, with options and without the padding of short frames', () => {
  fc.assert(
    fc.property(ipv4Parts(), (parts) => {
      const { source, destination, protocol, payload } = parts;
      expect(decodeIpv4(ipv4Packet(parts))).toEqual({ source, destination, protocol, payload });
    }),
  );
});

test('of a packet that is cut short, as ICMP errors quote it, the payload is what there is', () => {
  fc.assert(
    fc.property(ipv4Parts(), fc.nat(), (parts, place) => {
      const whole = ipv4Packet({ ...parts, padding: Buffer.alloc(0) });
      const length = place % (whole.length + 1);
      const decoded = decodeIpv4(whole.subarray(0, length));
      const headerLength = 20 + parts.options.length;
      if (length < headerLength) expect(decoded).toBeNull();
      else expect(decoded?.payload).toEqual(parts.payload.subarray(0, length - headerLength));
    }),
  );
});

describe('is no IPv4 packet', () => {
  const good = ipv4Packet({ source: '10.0.1.4', destination: '10.0.1.5', protocol: ICMP, payload: Buffer.alloc(8) });
  const withFirstByte = (first: number) => Buffer.concat([Buffer.of(first), good.subarray(1)]);

  test.each([
    ['nothing', Buffer.alloc(0)],
    ['one byte less than a header', good.subarray(0, 19)],
    ['version 6', withFirstByte(0x65)],
    ['version 0', withFirstByte(0x05)],
    ['a header of four words', withFirstByte(0x44)],
    ['a header that reaches beyond the end', withFirstByte(0x4f)],
    ['a later fragment', ipv4Packet({ ...partsOf(good), fragmentOffset: 1 })],
    ['the last fragment possible', ipv4Packet({ ...partsOf(good), fragmentOffset: 0x1fff })],
  ])('%s', (_what, packet) => {
    expect(decodeIpv4(good)).not.toBeNull();
    expect(decodeIpv4(packet)).toBeNull();
  });
});

test('a first fragment is read: it holds the ports', () => {
  const parts = { source: '10.0.1.4', destination: '10.0.1.5', protocol: UDP, payload: Buffer.alloc(8, 7) };
  expect(decodeIpv4(ipv4Packet({ ...parts, moreFragments: true }))).toEqual(parts);
});

test('a total length that is shorter than the header leaves no payload', () => {
  const parts = { source: '10.0.1.4', destination: '10.0.1.5', protocol: UDP, payload: Buffer.alloc(8, 7) };
  expect(decodeIpv4(ipv4Packet({ ...parts, totalLength: 3 }))?.payload).toHaveLength(0);
});

test('garbage never throws, and what is taken from it lies within it', () => {
  const almost = bytes(80, 1).map((garbage) => Buffer.concat([Buffer.of(0x45), garbage]));
  fc.assert(
    fc.property(fc.oneof(bytes(80), almost), (garbage) => {
      const packet = decodeIpv4(garbage);
      if (packet === null) return;
      expect(garbage.readUInt8(0) >> 4).toBe(4);
      expect(packet.payload.length).toBeLessThanOrEqual(garbage.length - 20);
      expect(garbage.includes(packet.payload)).toBe(true);
    }),
    { numRuns: 1000 },
  );
});

function partsOf(packet: Buffer) {
  const decoded = decodeIpv4(packet);
  if (decoded === null) throw new Error('the packet that is broken below must be a good one');
  return decoded;
}
