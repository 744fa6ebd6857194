import fc from 'fast-check';
import { decodeEcho6, encodeEchoRequest6, ICMPV6 } from '../../../lib/packet/icmpv6.ts';
import { addressOfMac, decodeIpv6, encodeIpv6, ipv6Bytes } from '../../../lib/packet/ipv6.ts';
import { checksumWithAddresses } from '../../../lib/packet/pseudo-header.ts';
import { bytes, hex } from './support.ts';

const address = bytes(16, 16);

test('a packet comes back as it was sent, without the padding of short frames', () => {
  fc.assert(
    fc.property(
      address,
      address,
      fc.nat(255),
      bytes(64),
      bytes(26),
      (source, destination, nextHeader, payload, padding) => {
        const packet = { source, destination, nextHeader, payload };
        expect(decodeIpv6(Buffer.concat([encodeIpv6(packet), padding]))).toEqual(packet);
      },
    ),
  );
});

test('what is no IPv6 packet is not read', () => {
  const packet = encodeIpv6({
    source: ipv6Bytes('::1'),
    destination: ipv6Bytes('::1'),
    nextHeader: 58,
    payload: hex(''),
  });
  expect(decodeIpv6(packet)).not.toBeNull();
  expect(decodeIpv6(packet.subarray(0, 39))).toBeNull();
  expect(decodeIpv6(Buffer.concat([Buffer.of(0x45), packet.subarray(1)]))).toBeNull();
});

test.each([
  ['::', '0000 0000 0000 0000 0000 0000 0000 0000'],
  ['ff02::1', 'ff02 0000 0000 0000 0000 0000 0000 0001'],
  ['fd00:fb::', 'fd00 00fb 0000 0000 0000 0000 0000 0000'],
  ['2001:db8:1:2:3:4:5:6', '2001 0db8 0001 0002 0003 0004 0005 0006'],
])('%s is %s', (text, expected) => {
  expect(ipv6Bytes(text)).toEqual(hex(expected));
});

test('a node’s link-local address follows from its MAC address', () => {
  expect(addressOfMac('fe80::', '00:1b:21:3c:4d:5e')).toEqual(ipv6Bytes('fe80::21b:21ff:fe3c:4d5e'));
  expect(addressOfMac('fe80::', '02:00:00:00:01:05')).toEqual(ipv6Bytes('fe80::ff:fe00:105'));
});

describe('an echo request', () => {
  const word = fc.nat(0xffff);

  test('comes back as it was sent, with a checksum that is right', () => {
    fc.assert(
      fc.property(
        address,
        address,
        fc.record({ id: word, sequence: word, data: bytes(64) }),
        (source, destination, echo) => {
          const message = encodeEchoRequest6(source, destination, echo);
          expect(checksumWithAddresses(source, destination, ICMPV6, message)).toBe(0);
          expect(decodeEcho6(message)).toEqual({ kind: 'request', ...echo });
          message.writeUInt8(129, 0);
          expect(decodeEcho6(message)?.kind).toBe('reply');
        },
      ),
    );
  });

  test('is, byte by byte, what ping sends', () => {
    const [source, destination] = [ipv6Bytes('fe80::1'), ipv6Bytes('fe80::2')];
    // 2 × fe80 + 1 + 2 + length 8 + 58 + 8000 + 1 + 1, with its carries, and inverted
    expect(encodeEchoRequest6(source, destination, { id: 1, sequence: 1, data: hex('') })).toEqual(
      hex('8000 82b6 0001 0001'),
    );
  });

  test('is not what is shorter or of another type', () => {
    expect(decodeEcho6(Buffer.alloc(7, 128))).toBeNull();
    expect(decodeEcho6(Buffer.of(135, 0, 0, 0, 0, 0, 0, 0))).toBeNull();
  });
});
