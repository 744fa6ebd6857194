import fc from 'fast-check';
import {
  decodeFrame,
  ETHER_ARP,
  ETHER_IPV4,
  ETHER_IPV6,
  encodeFrame,
  type Frame,
} from '../../../lib/packet/ethernet.ts';
import { BROADCAST, groupMac, groupMac6, macBytes, macText } from '../../../lib/packet/mac.ts';
import { bytes, hex } from './support.ts';

const mac = bytes(6, 6).map(macText);
const frames: fc.Arbitrary<Frame> = fc.record({
  destination: mac,
  source: mac,
  tags: fc.array(fc.nat(0xfff), { maxLength: 3 }),
  etherType: fc.constantFrom(ETHER_IPV4, ETHER_ARP, ETHER_IPV6, 0x88cc),
  payload: bytes(80),
});

test('a frame comes back as it was sent, with the padding of short ones', () => {
  fc.assert(
    fc.property(frames, (frame) => {
      const encoded = encodeFrame(frame);
      const decoded = decodeFrame(encoded);
      expect(encoded.length).toBeGreaterThanOrEqual(60);
      expect({ ...decoded, payload: decoded?.payload.subarray(0, frame.payload.length) }).toEqual(frame);
      expect(decoded?.payload.subarray(frame.payload.length).every((byte) => byte === 0)).toBe(true);
    }),
  );
});

const header = 'ffff ffff ffff 0200 0000 0105';
const sent = (tags: readonly number[]) =>
  encodeFrame({
    destination: BROADCAST,
    source: '02:00:00:00:01:05',
    tags,
    etherType: ETHER_IPV4,
    payload: Buffer.alloc(60, 7),
  });

test.each([
  ['untagged', [], '0800'],
  ['tagged with VLAN 2', [2], '8100 0002 0800'],
  ['with a priority tag', [0], '8100 0000 0800'],
  ['tagged with VLAN 1, and inside with VLAN 4094', [1, 4094], '8100 0001 8100 0ffe 0800'],
])('%s it is, byte by byte, as IEEE 802.1Q has it', (_how, tags, types) => {
  expect(sent(tags)).toEqual(Buffer.concat([hex(header), hex(types), Buffer.alloc(60, 7)]));
});

test('a tag’s priority is no part of its VLAN ID', () => {
  expect(decodeFrame(hex(`${header} 8100 e002 0800 4500`))).toMatchObject({ tags: [2], etherType: ETHER_IPV4 });
});

test('what is cut short is no frame', () => {
  const whole = hex(`${header} 8100 0002 0800`);
  for (let length = 0; length < whole.length; length++) expect(decodeFrame(whole.subarray(0, length))).toBeNull();
  expect(decodeFrame(whole)).not.toBeNull();
});

test('garbage never throws', () => {
  fc.assert(
    fc.property(bytes(40), (garbage) => {
      expect(decodeFrame(garbage)?.payload.length ?? 0).toBeLessThanOrEqual(garbage.length);
    }),
  );
});

describe('a MAC address', () => {
  test('is the same as bytes and as text', () => {
    fc.assert(fc.property(bytes(6, 6), (address) => expect(macBytes(macText(address))).toEqual(address)));
    expect(macText(hex('02fb 00a1 b2c3'))).toBe('02:fb:00:a1:b2:c3');
  });

  test.each([
    ['224.0.0.251', '01:00:5e:00:00:fb'],
    ['239.255.255.250', '01:00:5e:7f:ff:fa'],
    ['232.128.1.2', '01:00:5e:00:01:02'],
  ])('of the group %s is %s', (group, expected) => {
    expect(groupMac(group)).toBe(expected);
  });

  test('of all nodes in IPv6 is 33:33:00:00:00:01', () => {
    expect(groupMac6(hex('ff02 0000 0000 0000 0000 0000 0000 0001'))).toBe('33:33:00:00:00:01');
  });
});
