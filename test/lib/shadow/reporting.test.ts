import fc from 'fast-check';
import {
  beginReport,
  endReport,
  REPORTING_PACE,
  type Report,
  type Reporting,
  type ReportingPace,
  report,
  reportDueAt,
  startReporting,
} from '../../../lib/shadow/index.ts';

const PACE: ReportingPace = { gapMs: 30_000, hurriedGapMs: 500, burst: 10, tokenMs: 60_000, kept: 4 };
type State = Report<string>;
const state = (key: string, headline = 'applied'): State => ({ document: key, key, headline });
const start = (): Reporting<string> => startReporting(0, PACE);
const due = (reporting: Reporting<string>) => reportDueAt(reporting, PACE);
const sent = (reporting: Reporting<string>, now: number) => endReport(beginReport(reporting, now, PACE), 'sent');

test('the first state is reported at once', () => {
  expect(due(start())).toBe(Number.POSITIVE_INFINITY);
  expect(due(report(start(), state('a')))).toBe(0);
});

test('a state that the other side knows already costs nothing', () => {
  const known = sent(report(start(), state('a')), 0);
  expect(due(report(known, state('a')))).toBe(Number.POSITIVE_INFINITY);
});

test('the next change waits its time, and only the newest is sent', () => {
  const known = sent(report(start(), state('a')), 1000);
  const changed = report(report(known, state('b')), state('c'));
  expect(due(changed)).toBe(31_000);
  expect(beginReport(changed, 31_000, PACE).sending).toEqual(state('c'));
});

test('what flaps back before it was sent is not sent', () => {
  const known = sent(report(start(), state('a')), 1000);
  expect(due(report(report(known, state('b')), state('a')))).toBe(Number.POSITIVE_INFINITY);
});

test('another headline hurries', () => {
  const known = sent(report(start(), state('a', 'applying')), 1000);
  expect(due(report(known, state('b', 'applied')))).toBe(1500);
});

test('nothing is due while something is on its way, and what changed meanwhile is sent afterwards', () => {
  const sending = report(beginReport(report(start(), state('a')), 0, PACE), state('b'));
  expect(due(sending)).toBe(Number.POSITIVE_INFINITY);
  expect(endReport(sending, 'sent').pending).toEqual(state('b'));
});

test('what failed is sent again, unless there is something newer', () => {
  const sending = beginReport(report(start(), state('a')), 0, PACE);
  expect(endReport(sending, 'failed').pending).toEqual(state('a'));
  expect(endReport(report(sending, state('b')), 'failed').pending).toEqual(state('b'));
});

test('after a failure the state before it is news, too: the answer may have been lost, and not the report', () => {
  const known = sent(report(start(), state('a')), 0);
  const failed = endReport(beginReport(report(known, state('b')), 30_000, PACE), 'failed');
  expect(report(failed, state('a')).pending).toEqual(state('a'));
});

test('headlines find a token when ordinary reports have used up theirs', () => {
  let reporting = start();
  let now = 0;
  for (let index = 0; index < 20; index++) {
    reporting = report(reporting, state(String(index)));
    now = Math.max(now, due(reporting));
    reporting = sent(reporting, now);
  }
  expect(due(report(reporting, state('x', 'breached')))).toBe(now + 500);
});

interface Life {
  readonly changes: readonly { readonly gap: number; readonly key: number; readonly headline: number }[];
  readonly sendings: readonly { readonly takes: number; readonly fails: boolean }[];
}

/** A life: changes at random times, of few states, so that some flap; sendings that take their time and may fail. */
function life(): fc.Arbitrary<Life> {
  const change = fc.record({
    gap: fc.oneof(fc.nat(100), fc.nat(5000), fc.nat(120_000)),
    key: fc.nat(4),
    headline: fc.nat(2),
  });
  const sending = fc.record({ takes: fc.nat(3000), fails: fc.nat(4).map((odds) => odds === 0) });
  return fc.record({
    changes: fc.array(change, { minLength: 1, maxLength: 150 }),
    sendings: fc.array(sending, { minLength: 1 }),
  });
}

/** Lives it, as a component would: sends when due, hears of changes meanwhile. */
function lived({ changes, sendings }: Life) {
  let reporting = start();
  let [changeAt, now, endsAt, cloud] = [0, 0, Number.POSITIVE_INFINITY, ''];
  const begun: number[] = [];
  const todo = [...changes];
  let last = '';
  let lastAt = 0;
  for (let turn = 0; turn < 5000; turn++) {
    const [next] = todo;
    changeAt = next === undefined ? Number.POSITIVE_INFINITY : lastAt + next.gap;
    const dueAt = Math.max(due(reporting), now);
    now = Math.min(changeAt, endsAt, dueAt);
    if (now === Number.POSITIVE_INFINITY) return { begun, cloud, last, end: reporting };
    const { takes, fails } = sendings[begun.length % sendings.length] ?? { takes: 0, fails: false };
    if (now === endsAt) {
      reporting = endReport(reporting, fails && todo.length > 0 ? 'failed' : 'sent');
      endsAt = Number.POSITIVE_INFINITY;
    } else if (next !== undefined && now === changeAt) {
      todo.shift();
      lastAt = changeAt;
      last = `${next.key}/${next.headline}`;
      reporting = report(reporting, state(last, String(next.headline)));
    } else {
      reporting = beginReport(reporting, now, PACE);
      // Also what fails may have arrived.
      cloud = reporting.sending?.document ?? cloud;
      begun.push(now);
      endsAt = now + takes;
    }
  }
  throw new Error('it never comes to rest');
}

test('whatever happens, the last state is the one that the other side has in the end', () => {
  fc.assert(
    fc.property(life(), (changes) => {
      const { cloud, last } = lived(changes);
      expect(cloud).toBe(last);
    }),
  );
});

test('whatever happens, no window holds more reports than burst and time allow', () => {
  fc.assert(
    fc.property(life(), fc.integer({ min: 1, max: 3_600_000 }), (changes, windowMs) => {
      const { begun } = lived(changes);
      for (const from of begun) {
        const within = begun.filter((at) => at >= from && at <= from + windowMs).length;
        expect(within).toBeLessThanOrEqual(PACE.burst + windowMs / PACE.tokenMs + 1e-6);
      }
    }),
  );
});

test('a link that flaps twice a second for a day costs at most one report a minute', () => {
  let reporting = startReporting<string>(0, REPORTING_PACE);
  let count = 0;
  for (let now = 0; now < 86_400_000; now += 500) {
    reporting = report(reporting, state(String(now), String(now % 2000)));
    if (reportDueAt(reporting, REPORTING_PACE) <= now) {
      reporting = endReport(beginReport(reporting, now, REPORTING_PACE), 'sent');
      count++;
    }
  }
  expect(count).toBeLessThanOrEqual(24 * 60 + REPORTING_PACE.burst);
});
