import fc from 'fast-check';
import { PORT_GROUPS, portGroup } from '../../../lib/truck/port-group.ts';

test('a port’s group follows from its subnet, whatever address of it is given, and is no other subnet’s', () => {
  fc.assert(
    fc.property(fc.nat(0xffffffff), fc.nat(0xffffffff), fc.integer({ min: 8, max: 30 }), (one, other, length) => {
      const [a, b] = [one, other].map((number) => [24, 16, 8, 0].map((shift) => (number >>> shift) & 255).join('.'));
      const size = 2 ** (32 - length);
      const isSame = Math.floor(one / size) === Math.floor(other / size);
      expect(portGroup(`${a}/${length}`) === portGroup(`${b}/${length}`)).toBe(isSame);
    }),
  );
});

test('all groups are within those that iproute2 takes (31 bits) and no segment’s group in the router reaches', () => {
  expect(portGroup('0.0.0.0/8')).toBe(PORT_GROUPS.from);
  expect(portGroup('255.255.255.252/30')).toBe(PORT_GROUPS.to);
});
