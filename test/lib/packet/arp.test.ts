import fc from 'fast-check';
import { type Arp, decodeArp, encodeArp } from '../../../lib/packet/arp.ts';
import { macText } from '../../../lib/packet/mac.ts';
import { bytes, hex } from './support.ts';

const mac = bytes(6, 6).map(macText);
const messages: fc.Arbitrary<Arp> = fc.record({
  operation: fc.constantFrom('request', 'reply'),
  senderMac: mac,
  senderAddress: fc.ipV4(),
  targetMac: mac,
  targetAddress: fc.ipV4(),
});

/** Captured: who has 10.0.1.3? tell 10.0.1.5 */
const REQUEST = hex('0001 0800 0604 0001 0200 0000 0105 0a00 0105 0000 0000 0000 0a00 0103');
const ASKED: Arp = {
  operation: 'request',
  senderMac: '02:00:00:00:01:05',
  senderAddress: '10.0.1.5',
  targetMac: '00:00:00:00:00:00',
  targetAddress: '10.0.1.3',
};

test('a captured request is read, and written byte by byte as it was', () => {
  expect(decodeArp(REQUEST)).toEqual(ASKED);
  expect(encodeArp(ASKED)).toEqual(REQUEST);
});

test('a message comes back as it was sent, whatever follows it', () => {
  fc.assert(
    fc.property(messages, bytes(18), (message, padding) => {
      expect(decodeArp(Buffer.concat([encodeArp(message), padding]))).toEqual(message);
    }),
  );
});

test.each([
  ['cut short', REQUEST.subarray(0, 27)],
  ['of another hardware', Buffer.concat([hex('0006'), REQUEST.subarray(2)])],
  ['of another protocol', Buffer.concat([hex('0001 86dd'), REQUEST.subarray(4)])],
  ['a reverse request', Buffer.concat([REQUEST.subarray(0, 6), hex('0003'), REQUEST.subarray(8)])],
])('%s it is none', (_what, message) => {
  expect(decodeArp(message)).toBeNull();
});
