import fc from 'fast-check';
import type { Expectation } from '../../../lib/truck/expectation.ts';
import { expectations } from '../../../lib/truck/expectations.ts';
import { judge } from '../../../lib/truck/judge.ts';
import { positiveControls } from '../../../lib/truck/positive-controls.ts';
import { policyDocument } from '../policy/arbitrary.ts';
import { example, policyOf } from './support.ts';

const base = example('article.yaml');
const anyPolicy = policyDocument().map((document) => policyOf(JSON.stringify(document)));

test('the article needs none: somebody may reach every target', () => {
  expect(positiveControls(expectations(base, 0))).toEqual([]);
});

test('an internet that nobody may reach is reached by the router', () => {
  const segments = base.segments.map((segment) => ({ ...segment, internet: false }));
  expect(positiveControls(expectations({ ...base, segments }, 0))).toEqual([
    {
      id: 'control internet 8.8.8.8',
      from: 'router',
      to: 'internet',
      address: '8.8.8.8',
      probe: { protocol: 'icmp' },
      verdict: 'reachable',
      because: 'positive control',
    },
  ]);
});

test('the router’s address in an empty segment is reached by the router itself', () => {
  const nodes = base.nodes.filter(({ segment }) => segment === 'br0net');
  const controls = positiveControls(expectations({ ...base, nodes }, 0));
  expect(controls.map(({ id, from }) => [id, from])).toEqual([['control router 10.0.2.3', 'router']]);
});

describe('of any policy', () => {
  const target = ({ to, address }: Expectation) => `${to} ${address}`;

  test('every target is expected to answer somebody, in a promise or in exactly one control', () => {
    fc.assert(
      fc.property(anyPolicy, (policy) => {
        const promised = expectations(policy, 0);
        const reachable = new Set(promised.filter(({ verdict }) => verdict === 'reachable').map(target));
        const missing = new Set(promised.map(target).filter((key) => !reachable.has(key)));
        const controls = positiveControls(promised);
        expect(controls.map(target).sort()).toEqual([...missing].sort());
        for (const { verdict } of controls) expect(verdict).toBe('reachable');
      }),
    );
  });

  test('no control is taken for a promise', () => {
    fc.assert(
      fc.property(anyPolicy, (policy) => {
        const promised = expectations(policy, 0);
        const ids = [...promised, ...positiveControls(promised)].map(({ id }) => id);
        expect(new Set(ids).size).toBe(ids.length);
      }),
    );
  });

  test('a truck that keeps all promises is judged isolated, and one whose controls are silent is not', () => {
    fc.assert(
      fc.property(anyPolicy, (policy) => {
        const promised = expectations(policy, 0);
        fc.pre(promised.length > 0);
        const controls = positiveControls(promised);
        const kept = [...promised, ...controls].map(({ id, verdict }) =>
          verdict === 'reachable'
            ? { id, arrived: true, reply: 'answer' as const }
            : { id, arrived: false, reply: 'none' as const },
        );
        const answers = kept.filter(({ id }) => promised.some((promise) => promise.id === id));
        expect(judge(promised, kept, controls).verdict).toBe('isolated');
        expect(judge(promised, answers, controls).verdict).toBe(controls.length === 0 ? 'isolated' : 'inconclusive');
      }),
    );
  });
});
