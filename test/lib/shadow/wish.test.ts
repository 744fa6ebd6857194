import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import {
  jsonBytes,
  type NetworkDesired,
  readDesired,
  WishTooLargeError,
  writeWish,
} from '../../../lib/shadow/index.ts';
import { DESIRED_BYTES, SHADOW_BYTES } from '../../../lib/shadow/limits.ts';
import { policyDocument } from '../policy/arbitrary.ts';
import { validDocument } from '../policy/documents.ts';
import { expectTaken, updated } from './shadow-service.ts';

/** So many nodes in six segments, each with an address, an image, and a flow to the next segment. */
function policyOf(
  nodes: number,
  filler = (_index: number) => 'https://station.example/telemetry',
): Record<string, unknown> {
  const numbers = Array.from({ length: nodes }, (_, index) => index);
  const segment = (index: number) => `segment-${index % 6}`;
  return {
    version: 1,
    trunk: { interface: 'enp2s0' },
    uplinks: { wlan: { interface: 'wlp3s0f0', dhcp: true, driver: 'macvlan' } },
    segments: Object.fromEntries(
      numbers.slice(0, 6).map((index) => [
        segment(index),
        {
          vlan: 10 + index,
          subnet: `10.20.${index}.0/24`,
          router: `10.20.${index}.1`,
          pool: { from: `10.20.${index}.100`, to: `10.20.${index}.199` },
          internet: true,
        },
      ]),
    ),
    containers: Object.fromEntries(
      numbers.map((index) => [
        `application-${index}`,
        {
          segment: segment(index),
          image: 'registry.example/vendor/application:1.2.3',
          address: `10.20.${index % 6}.${10 + index}`,
          environment: { ENDPOINT: filler(index) },
        },
      ]),
    ),
    flows: Object.fromEntries(
      numbers
        .slice(1)
        .map((index) => [
          `flow-${index}`,
          { from: `application-${index - 1}`, to: `application-${index}`, protocol: 'tcp', ports: [443] },
        ]),
    ),
  };
}
const write = (document: Record<string, unknown>, previous?: unknown, what: 'policy' | 'patch' = 'policy') =>
  writeWish({ what, document, thing: 'truck-7', sequence: 9 }, previous);
const read = (desired: NetworkDesired) => readDesired(desired, { thing: 'truck-7', baseline: validDocument() });

test('a small policy is written as people can read it', () => {
  expect(write(validDocument()).desired).toEqual({ policy: validDocument(), thing: 'truck-7', sequence: 9 });
});

test('a policy of 30 nodes is packed, and fits', () => {
  const document = policyOf(30);
  const { desired, bytes } = write(document);
  expect(jsonBytes(document)).toBeGreaterThan(DESIRED_BYTES);
  expect(Object.keys(desired)).toEqual(['policyGzip', 'thing', 'sequence']);
  expect(bytes).toBeLessThan(DESIRED_BYTES / 2);
  expect(read(desired)).toMatchObject({ kind: 'policy', policy: { revision: { sequence: 9 } } });
});

test.each([
  ['null', { devices: { panel: null } }],
  ['an empty map', { flows: {} }],
])('%s, which a shadow would take for "delete this", is packed', (_what, patch) => {
  const { desired } = write(patch, undefined, 'patch');
  expect(Object.keys(desired)).toContain('patchGzip');
  expect(read(desired).kind).toBe('policy');
});

test('what doesn’t fit even so is not written, and it says how much there is too much', () => {
  const document = policyOf(100, () => randomBytes(60).toString('hex'));
  expect(() => write(document)).toThrow(WishTooLargeError);
  expect(() => write(document)).toThrow(/takes \d+ bytes .* 6144 is all/);
});

test('whatever stood there before: afterwards this stands there, and nothing else, and the truck understands it', () => {
  const before = fc.oneof(
    policyDocument().map((policy) => ({ policy, thing: 'truck-7' })),
    fc.constant({ policyGzip: 'H4sI' }),
    fc.constant(undefined),
    fc.constant({ patch: { flows: { a: { to: 'b' } } }, sequence: 3 }),
  );
  fc.assert(
    fc.property(policyDocument(), before, (document, previous) => {
      const { desired, update, bytes } = write(document, previous);
      const stands = updated(previous, update);
      expect(stands).toEqual(desired);
      expect(bytes).toBe(jsonBytes(stands));
      expect(
        jsonBytes({ state: { desired: update }, version: 123_456, clientToken: 'x'.repeat(64) }),
      ).toBeLessThanOrEqual(SHADOW_BYTES);
      expectTaken(stands, undefined);
      expect(read(stands)).toMatchObject({ kind: 'policy', policy: { revision: { sequence: 9 } } });
    }),
    { numRuns: 60 },
  );
});
