import fc from 'fast-check';
import { checksum } from '../../../lib/packet/checksum.ts';
import { bytes, hex } from './support.ts';

const VECTORS: readonly (readonly [string, string, number])[] = [
  ['the example of RFC 1071, section 3', '0001 f203 f4f5 f6f7', 0x220d],
  ['an IPv4 header without its checksum', '4500 0073 0000 4000 4011 0000 c0a8 0001 c0a8 00c7', 0xb861],
  ['an IPv4 header with its checksum', '4500 0073 0000 4000 4011 b861 c0a8 0001 c0a8 00c7', 0],
  [
    'a ping of Windows with its checksum',
    `0800 4d56 0001 0005 ${Buffer.from('abcdefghijklmnopqrstuvwabcdefghi').toString('hex')}`,
    0,
  ],
  ['nothing', '', 0xffff],
  ['zeros', '0000 0000', 0xffff],
  ['ones', 'ffff ffff', 0],
  ['a carry that makes another carry', 'ffff ffff 0001', 0xfffe],
  ['an odd byte, which counts as if a zero followed', '0102 03', 0xfbfd],
];

test.each(VECTORS)('%s', (_what, text, expected) => {
  expect(checksum(hex(text))).toBe(expected);
});

test('a message that holds its own checksum comes to 0, up to the longest packet', () => {
  fc.assert(
    fc.property(bytes(2000), fc.constantFrom(0, 0xffff - 2000), (content, filler) => {
      const message = Buffer.concat([Buffer.alloc(2), content, Buffer.alloc(filler, 0xff)]).subarray(0, 0xffff);
      message.writeUInt16BE(checksum(message), 0);
      expect(checksum(message)).toBe(0);
    }),
  );
});

test('the order of words does not matter, as the RFC promises', () => {
  fc.assert(
    fc.property(fc.array(bytes(2, 2), { maxLength: 40 }), (words) => {
      expect(checksum(Buffer.concat([...words].reverse()))).toBe(checksum(Buffer.concat(words)));
    }),
  );
});

test('one flipped bit is always seen', () => {
  fc.assert(
    fc.property(bytes(200, 1), fc.nat(), fc.nat(7), (message, place, bit) => {
      const damaged = Buffer.from(message);
      const index = place % damaged.length;
      damaged.writeUInt8(damaged.readUInt8(index) ^ (1 << bit), index);
      expect(checksum(damaged)).not.toBe(checksum(message));
    }),
  );
});
