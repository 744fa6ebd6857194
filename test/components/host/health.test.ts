import { healthAfter } from '../../../components/host/health.ts';

test.each([
  ['starting', 'well', 0, 'RUNNING'],
  ['starting', 'failed', 1000, 'starting'],
  ['starting', 'failed', 91_000, 'ERRORED'],
  ['ERRORED', 'well', 95_000, 'RUNNING'],
  ['RUNNING', 'failed', 95_000, 'RUNNING'],
] as const)('%s, then %s after %i ms, is %s', (health, outcome, sinceMs, expected) => {
  expect(healthAfter(health, outcome, sinceMs)).toBe(expected);
});
