import { AT_ONCE, type RolloutPace, ratePerMinute } from '../../../../../lib/lab/cloud/account/jobs/pace.ts';

const slowly: RolloutPace = {
  mostPerMinute: 100,
  exponential: { basePerMinute: 5, factor: 2, after: 10, counted: 'succeeded' },
};

test.each([
  ['without a pace all are told at once', AT_ONCE, { notified: 0, succeeded: 0 }, Number.POSITIVE_INFINITY],
  ['a rollout begins slowly', slowly, { notified: 9, succeeded: 9 }, 5],
  ['… is quicker when some have succeeded', slowly, { notified: 12, succeeded: 10 }, 10],
  ['… not when they were only told', slowly, { notified: 40, succeeded: 0 }, 5],
  ['… and never quicker than that', slowly, { notified: 900, succeeded: 900 }, 100],
  ['without growth it is the most', { mostPerMinute: 7 }, { notified: 0, succeeded: 0 }, 7],
])('%s', (_what, pace, counts, expected) => expect(ratePerMinute(pace, counts)).toBe(expected));
