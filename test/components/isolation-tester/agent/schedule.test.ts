import {
  isBypassTime,
  measureAt,
  measuredNow,
  NOTHING_MEASURED,
  type Schedule,
  TEST_PACE,
} from '../../../../components/isolation-tester/agent/schedule.ts';

const well = { failed: false, bypasses: false };
const inForce = (revision: string | null, schedule: Schedule = NOTHING_MEASURED): Schedule => ({
  ...schedule,
  revision,
});
const { everyMs, bypassesEveryMs } = TEST_PACE;

test('without a policy there is nothing to measure', () => {
  expect(measureAt(inForce(null), TEST_PACE)).toBe(Number.POSITIVE_INFINITY);
});

test('a policy is measured at once when it comes into force, then at the usual pace', () => {
  expect(measureAt(inForce('1'), TEST_PACE)).toBe(0);
  const measured = measuredNow(inForce('1'), '1', 5000, well);
  expect(measureAt(measured, TEST_PACE)).toBe(5000 + everyMs);
  expect(measureAt(inForce('2', measured), TEST_PACE)).toBe(0);
  expect(measureAt(inForce(null, measured), TEST_PACE)).toBe(Number.POSITIVE_INFINITY);
});

test('what could not be measured is tried again sooner, with growing pauses, and never later than usual', () => {
  let schedule = inForce('1');
  const pauses = Array.from({ length: 6 }, () => {
    schedule = measuredNow(schedule, '1', 0, { ...well, failed: true });
    return measureAt(schedule, TEST_PACE);
  });
  expect(pauses).toEqual([5000, 10_000, 20_000, 40_000, everyMs, everyMs]);
  expect(measureAt(measuredNow(schedule, '1', 0, well), TEST_PACE)).toBe(everyMs);
});

test('the bypasses come with the second measurement of a policy, then at their own pace', () => {
  expect(isBypassTime(inForce('1'), TEST_PACE, 0)).toBe(false);
  const once = measuredNow(inForce('1'), '1', 0, well);
  expect(isBypassTime(once, TEST_PACE, everyMs)).toBe(true);
  const tried = measuredNow(once, '1', everyMs, { failed: false, bypasses: true });
  expect(isBypassTime(tried, TEST_PACE, everyMs + bypassesEveryMs - 1)).toBe(false);
  expect(isBypassTime(tried, TEST_PACE, everyMs + bypassesEveryMs)).toBe(true);
  const other = measuredNow(inForce('2', tried), '2', 2 * everyMs, well);
  expect(isBypassTime(other, TEST_PACE, 3 * everyMs)).toBe(true);
});
