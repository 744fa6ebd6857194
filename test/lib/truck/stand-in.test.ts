import fc from 'fast-check';
import type { Flow } from '../../../lib/policy/index.ts';
import { expectations } from '../../../lib/truck/expectations.ts';
import { canaryCanMeasure } from '../../../lib/truck/stand-in.ts';
import { policyDocument } from '../policy/arbitrary.ts';
import { example, policyOf } from './support.ts';

const base = example('article.yaml');
const web = (from: string, to: string): Flow => ({
  name: 'web',
  from,
  to,
  protocol: 'tcp',
  ports: [{ from: 443, to: 443 }],
});

function canMeasure(flows: readonly Flow[], id: string, sealed = false): boolean {
  const segments = base.segments.map((segment) => ({ ...segment, internet: !sealed }));
  const policy = { ...base, segments, flows };
  const expectation = expectations(policy, 0).find((candidate) => candidate.id === id);
  if (expectation === undefined) throw new Error(`nothing is promised about ${id}`);
  return canaryCanMeasure(policy, 0, expectation);
}

describe('a canary can measure', () => {
  test('all that the article promises about devices', () => {
    const ofDevices = expectations(base, 0).filter(({ from }) => from.startsWith('device'));
    expect(ofDevices).toHaveLength(12);
    expect(ofDevices.filter((expectation) => !canaryCanMeasure(base, 0, expectation))).toEqual([]);
  });

  test.each<[string, readonly Flow[], string]>([
    ['what a whole segment may', [web('br0net', 'container2')], 'device1>container2 tcp/443'],
    ['what nobody may', [web('device1', 'container2')], 'device1>container2 tcp/444'],
    ['what the target may not in reverse', [web('container2', 'device1')], 'device1>container2 tcp/443'],
    [
      'what a whole segment may, though the device is named, too',
      [web('device1', 'container2'), { ...web('br0net', 'br1net'), name: 'all' }],
      'device1>container2 tcp/443',
    ],
  ])('%s', (_what, flows, id) => {
    expect(canMeasure(flows, id)).toBe(true);
  });
});

describe('a canary can not measure', () => {
  test('what only the device may', () => {
    expect(canMeasure([web('device1', 'container2')], 'device1>container2 tcp/443')).toBe(false);
  });

  test('a way to the internet that only the device has', () => {
    expect(canMeasure([web('device1', 'internet')], 'device1>internet tcp/443', true)).toBe(false);
  });

  test('anything in the place of the router, which is in every segment', () => {
    expect(canMeasure([], 'router>device1 icmp')).toBe(false);
  });
});

test('a target that the policy does not know is a fault of ours', () => {
  const [any] = expectations(base, 0);
  if (any === undefined) throw new Error('the article promises something');
  expect(() => canaryCanMeasure(base, 0, { ...any, to: 'stranger' })).toThrow('stranger is no node of this policy');
});

test('of any policy a canary can measure everything from a device that no flow names', () => {
  fc.assert(
    fc.property(policyDocument(), (document) => {
      const policy = policyOf(JSON.stringify(document));
      const named = new Set(policy.flows.map(({ from }) => from));
      for (const expectation of expectations(policy, 0)) {
        if (expectation.from === 'router' || named.has(expectation.from)) continue;
        expect(canaryCanMeasure(policy, 0, expectation)).toBe(true);
      }
    }),
  );
});

test('of any policy all that is isolated can be measured, but for whom a flow with a term names: a canary may never more than the device', () => {
  fc.assert(
    fc.property(policyDocument(), (document) => {
      const policy = policyOf(JSON.stringify(document));
      const timed = new Set(policy.flows.filter(({ term }) => term !== undefined).map(({ from }) => from));
      for (const expectation of expectations(policy, 0)) {
        if (expectation.verdict !== 'isolated' || timed.has(expectation.from)) continue;
        expect(canaryCanMeasure(policy, 0, expectation)).toBe(true);
      }
    }),
  );
});
