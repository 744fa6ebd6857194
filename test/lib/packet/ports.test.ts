import fc from 'fast-check';
import { decodePorts, decodeTcp, udpData } from '../../../lib/packet/ports.ts';
import { bytes, hex } from './support.ts';

const port = fc.nat(0xffff);
const head = (sourcePort: number, destinationPort: number, length: number) => {
  const segment = Buffer.alloc(length);
  segment.writeUInt16BE(sourcePort, 0);
  segment.writeUInt16BE(destinationPort, 2);
  return segment;
};

test('ports are read from as little as an ICMP error quotes', () => {
  fc.assert(
    fc.property(port, port, fc.integer({ min: 4, max: 8 }), (sourcePort, destinationPort, length) => {
      expect(decodePorts(head(sourcePort, destinationPort, length))).toEqual({ sourcePort, destinationPort });
    }),
  );
});

test.each([0, 1, 2, 3])('of %i bytes no ports are read', (length) => {
  expect(decodePorts(Buffer.alloc(length, 1))).toBeNull();
});

test('the answer to a SYN, as captured, is SYN and ACK', () => {
  const synAck = hex('01bb 9c40 1234 5678 0000 0001 6012 fe88 0000 0000 0204 05b4');
  expect(decodeTcp(synAck)).toEqual({ sourcePort: 443, destinationPort: 40_000, syn: true, ack: true, rst: false });
});

test('every combination of flags is told apart', () => {
  fc.assert(
    fc.property(port, port, fc.nat(0xff), (sourcePort, destinationPort, flags) => {
      const segment = head(sourcePort, destinationPort, 20);
      segment.writeUInt8(flags, 13);
      const has = (bit: number) => Math.floor(flags / bit) % 2 === 1;
      expect(decodeTcp(segment)).toEqual({
        sourcePort,
        destinationPort,
        syn: has(2),
        rst: has(4),
        ack: has(16),
      });
    }),
  );
});

test('a TCP head that is cut short has no flags, so it is none', () => {
  for (let length = 0; length < 20; length++) expect(decodeTcp(Buffer.alloc(length, 0xff))).toBeNull();
});

test('a datagram carries what follows its head, and nothing if there is nothing', () => {
  fc.assert(
    fc.property(bytes(64), (data) => {
      expect(udpData(Buffer.concat([Buffer.alloc(8), data]))).toEqual(data);
    }),
  );
  fc.assert(fc.property(bytes(8), (short) => expect(udpData(short)).toHaveLength(0)));
});

test('garbage never throws', () => {
  fc.assert(
    fc.property(bytes(40), (garbage) => {
      expect(decodePorts(garbage) === null).toBe(garbage.length < 4);
      expect(decodeTcp(garbage) === null).toBe(garbage.length < 20);
    }),
  );
});
