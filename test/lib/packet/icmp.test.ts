import fc from 'fast-check';
import { checksum } from '../../../lib/packet/checksum.ts';
import { decodeIcmp, encodeEchoRequest } from '../../../lib/packet/icmp.ts';
import { UDP } from '../../../lib/packet/ipv4.ts';
import { bytes, hex, ipv4Packet, ipv4Parts } from './support.ts';

const word = fc.nat(0xffff);
const echo = fc.record({ id: word, sequence: word, data: bytes(64) });

describe('an echo request', () => {
  test('is, byte by byte, what ping sends', () => {
    const data = Buffer.from('abcdefghijklmnopqrstuvwabcdefghi');
    expect(encodeEchoRequest({ id: 1, sequence: 5, data })).toEqual(Buffer.concat([hex('0800 4d56 0001 0005'), data]));
  });

  test('comes back as it was sent, with a checksum that is right', () => {
    fc.assert(
      fc.property(echo, (sent) => {
        const message = encodeEchoRequest(sent);
        expect(checksum(message)).toBe(0);
        expect(decodeIcmp(message)).toEqual({ kind: 'request', ...sent });
      }),
    );
  });

  test('is answered by the same with type 0: that is a reply and never a request', () => {
    fc.assert(
      fc.property(echo, (sent) => {
        const reply = encodeEchoRequest(sent);
        reply.writeUInt8(0, 0);
        expect(decodeIcmp(reply)).toEqual({ kind: 'reply', ...sent });
      }),
    );
  });
});

describe('an error', () => {
  const errorAbout = (type: number, code: number, quoted: Buffer) =>
    Buffer.concat([Buffer.of(type, code, 0, 0, 0, 0, 0, 0), quoted]);

  test.each([
    ['net unreachable', 3, 0, false],
    ['host unreachable', 3, 1, false],
    ['protocol unreachable', 3, 2, false],
    ['port unreachable', 3, 3, true],
    ['administratively prohibited', 3, 13, false],
    ['time exceeded', 11, 0, false],
    ['time exceeded while reassembling', 11, 1, false],
    ['time exceeded with a code that nobody uses', 11, 3, false],
  ])(
    '%s tells which packet it is about, and whether the target itself speaks',
    (_name, type, code, portUnreachable) => {
      fc.assert(
        fc.property(ipv4Parts(), ({ options, padding, ...about }) => {
          const quoted = ipv4Packet({ ...about, options }).subarray(0, 20 + options.length + 8);
          const payload = about.payload.subarray(0, 8);
          expect(decodeIcmp(errorAbout(type, code, quoted))).toEqual({
            kind: 'error',
            portUnreachable,
            about: { ...about, payload },
          });
        }),
      );
    },
  );

  test('about what is no IPv4 packet is none', () => {
    const quoted = ipv4Packet({ source: '10.0.1.4', destination: '10.0.2.4', protocol: UDP, payload: Buffer.alloc(8) });
    expect(decodeIcmp(errorAbout(3, 3, quoted))).not.toBeNull();
    for (let length = 0; length < 20; length++) {
      expect(decodeIcmp(errorAbout(3, 3, quoted.subarray(0, length)))).toBeNull();
    }
  });
});

test('other types say nothing, whatever they carry', () => {
  const known = [0, 3, 8, 11];
  const other = fc.nat(255).filter((type) => !known.includes(type));
  fc.assert(
    fc.property(other, echo, (type, sent) => {
      const message = encodeEchoRequest(sent);
      message.writeUInt8(type, 0);
      expect(decodeIcmp(message)).toBeNull();
    }),
  );
});

test('a message of less than eight bytes says nothing', () => {
  fc.assert(
    fc.property(fc.constantFrom(0, 3, 8, 11), bytes(6), (type, rest) => {
      expect(decodeIcmp(Buffer.concat([Buffer.of(type), rest]))).toBeNull();
    }),
  );
  expect(decodeIcmp(Buffer.alloc(0))).toBeNull();
});

test('garbage never throws, and is never taken for another type than its first byte says', () => {
  const kinds: Readonly<Record<number, string>> = { 0: 'reply', 3: 'error', 8: 'request', 11: 'error' };
  const typed = fc
    .tuple(fc.constantFrom(0, 3, 8, 11), bytes(80, 7))
    .map(([type, rest]) => Buffer.concat([Buffer.of(type), rest]));
  fc.assert(
    fc.property(fc.oneof(bytes(80), typed), (garbage) => {
      const message = decodeIcmp(garbage);
      if (message !== null) expect(message.kind).toBe(kinds[garbage.readUInt8(0)]);
    }),
    { numRuns: 1000 },
  );
});
