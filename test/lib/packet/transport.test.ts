import fc from 'fast-check';
import { checksum } from '../../../lib/packet/checksum.ts';
import { decodeIpv4, encodeIpv4, TCP, UDP } from '../../../lib/packet/ipv4.ts';
import { decodePorts, decodeTcp, udpData } from '../../../lib/packet/ports.ts';
import { checksumWithAddresses } from '../../../lib/packet/pseudo-header.ts';
import { encodeSyn, encodeUdp } from '../../../lib/packet/transport.ts';
import { bytes, hex } from './support.ts';

const port = fc.nat(0xffff);
const address = fc.oneof(bytes(4, 4), bytes(16, 16));
const ends = fc
  .tuple(address, port, port)
  .map(([source, sourcePort, destinationPort]) => ({ source, destination: source, sourcePort, destinationPort }));

test('a datagram comes back as it was sent, with a checksum that is right', () => {
  fc.assert(
    fc.property(ends, bytes(65), (head, data) => {
      const datagram = encodeUdp(head, data);
      expect(decodePorts(datagram)).toEqual({ sourcePort: head.sourcePort, destinationPort: head.destinationPort });
      expect(udpData(datagram)).toEqual(data);
      expect(datagram.readUInt16BE(4)).toBe(datagram.length);
      expect(checksumWithAddresses(head.source, head.destination, UDP, datagram)).toBe(0);
    }),
  );
});

test('a datagram is, byte by byte, what the kernel sends', () => {
  const head = { source: hex('0a00 0104'), destination: hex('0a00 0105'), sourcePort: 40_000, destinationPort: 9 };
  // 2 × 0a00 + 0104 + 0105 + 17 + length 10 + 9c40 + 9 + length 10 + 6869, inverted
  expect(encodeUdp(head, Buffer.from('hi'))).toEqual(hex('9c40 0009 000a e51e 6869'));
});

test('a datagram whose checksum comes to 0 says ffff, because 0 would mean none', () => {
  const head = { source: hex('0000 0000'), destination: hex('0000 0000'), sourcePort: 0, destinationPort: 0 };
  // 17 + 10 + 10 leave this to be added.
  expect(encodeUdp(head, hex('ffda'))).toEqual(hex('0000 0000 000a ffff ffda'));
});

test('a SYN comes back as one, with a checksum that is right and its data at its end', () => {
  fc.assert(
    fc.property(ends, fc.nat(0xffff_ffff), bytes(40), (head, sequence, data) => {
      const segment = encodeSyn(head, sequence, data);
      const { sourcePort, destinationPort } = head;
      expect(decodeTcp(segment)).toEqual({ sourcePort, destinationPort, syn: true, ack: false, rst: false });
      expect(segment.readUInt32BE(4)).toBe(sequence);
      expect(segment.subarray(20)).toEqual(data);
      expect(checksumWithAddresses(head.source, head.destination, TCP, segment)).toBe(0);
    }),
  );
});

test('an IPv4 packet comes back as it was sent, with a checksum that is right', () => {
  fc.assert(
    fc.property(fc.ipV4(), fc.ipV4(), fc.nat(255), bytes(64), (source, destination, protocol, payload) => {
      const packet = encodeIpv4({ source, destination, protocol, payload });
      expect(decodeIpv4(packet)).toEqual({ source, destination, protocol, payload });
      expect(checksum(packet.subarray(0, 20))).toBe(0);
    }),
  );
});
