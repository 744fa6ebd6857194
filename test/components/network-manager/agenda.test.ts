import fc from 'fast-check';
import {
  type Agenda,
  beginLook,
  dueAt,
  EMPTY_AGENDA,
  encourage,
  endLook,
  notice,
  type Pace,
} from '../../../components/network-manager/agenda.ts';
import { backOff } from '../../../components/network-manager/back-off.ts';

const PACE: Pace = { quietMs: 100, latestMs: 1000, echoMs: 2000, fullLookMs: 60_000 };
const due = (agenda: Agenda) => dueAt(agenda, PACE);
const looked = (at: number) => endLook(beginLook(EMPTY_AGENDA), at, 'well');
const failed = (times: number, at: number) =>
  Array.from({ length: times }).reduce<Agenda>((agenda) => endLook(beginLook(agenda), at, 'failed'), EMPTY_AGENDA);

test('the first look is at once', () => {
  expect(due(EMPTY_AGENDA)).toBe(0);
});

test('nothing noticed: the next look is the slow one', () => {
  expect(due(looked(5000))).toBe(65_000);
});

test('one event is looked at when it has been quiet for 100 ms', () => {
  expect(due(notice(looked(5000), 7000))).toBe(7100);
});

test('a storm is looked at in its midst, 1 s after its first event', () => {
  const storm = Array.from({ length: 50 }, (_, index) => 7000 + index * 50).reduce(notice, looked(5000));
  expect(due(storm)).toBe(8000);
});

test('events don’t put the slow look off', () => {
  expect(due(notice(looked(5000), 64_950))).toBe(65_000);
});

test('during a look nothing is due, and what was noticed meanwhile is looked at afterwards', () => {
  const looking = notice(beginLook(notice(looked(5000), 7000)), 7200);
  expect(due(looking)).toBe(Number.POSITIVE_INFINITY);
  expect(due(endLook(looking, 9000, 'well'))).toBeLessThanOrEqual(9000);
});

test('what was noticed before a look is seen by it', () => {
  expect(due(endLook(beginLook(notice(looked(5000), 7000)), 7500, 'well'))).toBe(67_500);
});

test('a failed look is repeated after growing pauses, which its own events don’t shorten', () => {
  const pauses = [1, 2, 3, 4, 5, 6, 7, 8, 100].map((times) => due(failed(times, 0)));
  expect(pauses).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000]);
  expect(due(notice(failed(4, 0), 10))).toBe(8000);
  expect(due(notice(failed(4, 0), 1990))).toBe(8000);
});

test('what is noticed some time after a failed look is something new, and looked at soon', () => {
  expect(due(notice(notice(failed(7, 0), 10), 20_000))).toBeLessThanOrEqual(20_100);
  expect(due(notice(failed(7, 0), 20_000))).toBe(20_100);
  expect(due(notice(failed(1, 0), 2500))).toBe(1000);
});

test('a look that succeeds ends the pauses', () => {
  expect(due(notice(endLook(beginLook(failed(4, 0)), 8000, 'well'), 9000))).toBe(9100);
});

test('when something vital is back, what failed is tried again at once', () => {
  expect(due(encourage(failed(7, 0), 3000))).toBe(3100);
});

test('no failures, no pause', () => {
  expect(backOff(0)).toBe(0);
});

test('whatever happens, an event is looked at within a second of it, or of the end of the look that it fell into', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(500), { minLength: 1, maxLength: 60 }), fc.nat(2000), (gaps, lookTakes) => {
      let agenda = looked(0);
      let now = 0;
      let unseen: number | null = null;
      const look = () => {
        const at = Math.max(due(agenda), now);
        if (unseen !== null) expect(at - unseen).toBeLessThanOrEqual(PACE.latestMs);
        agenda = endLook(beginLook(agenda), at + lookTakes, 'well');
        now = at + lookTakes;
        unseen = null;
      };
      for (const gap of gaps) {
        now += gap;
        while (due(agenda) < now) look();
        agenda = notice(agenda, now);
        unseen ??= now;
      }
      look();
      expect(agenda.noticed).toBeNull();
    }),
  );
});
