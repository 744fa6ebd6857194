import fc from 'fast-check';
import { atPace, nextStart } from '../../../../lib/cli/fleet/pace.ts';

const never = new AbortController().signal;

test('whatever the delays, no more are begun in any second than the pace says', () => {
  const delays = fc.array(fc.double({ min: 0, max: 3000, noNaN: true }), { maxLength: 60 });
  fc.assert(
    fc.property(delays, fc.integer({ min: 1, max: 50 }), (waits, perSecond) => {
      const starts: number[] = [];
      let now = 0;
      for (const wait of waits) {
        now += wait;
        now = nextStart(starts.at(-1) ?? null, now, { perSecond });
        starts.push(now);
      }
      for (const start of starts) {
        // A hair less than a second: sums of fractions are not exact.
        expect(starts.filter((one) => one >= start && one < start + 999.999).length).toBeLessThanOrEqual(perSecond);
      }
    }),
  );
});

test('no more are under way at once than the pace says, and all are done at the end', async () => {
  let underWay = 0;
  let most = 0;
  let done = 0;
  await atPace(Array.from({ length: 40 }), { perSecond: 100_000, inFlight: 4 }, never, async () => {
    most = Math.max(most, ++underWay);
    await new Promise(setImmediate);
    underWay--;
    done++;
  });
  expect([most, done]).toEqual([4, 40]);
});

test('after the signal nothing more is begun, and what is under way is let end', async () => {
  const interrupted = new AbortController();
  let ended = 0;
  const begun = await atPace([1, 2, 3, 4, 5], { perSecond: 100_000, inFlight: 2 }, interrupted.signal, async (item) => {
    await new Promise(setImmediate);
    if (item === 2) interrupted.abort();
    ended++;
  });
  expect(begun).toBeLessThan(5);
  expect(ended).toBe(begun);
});

test('what an action throws ends it, after what is under way', async () => {
  const ended: number[] = [];
  const running = atPace([1, 2, 3, 4, 5, 6], { perSecond: 100_000, inFlight: 2 }, never, async (item) => {
    await new Promise(setImmediate);
    if (item === 2) throw new Error('no');
    ended.push(item);
  });
  await expect(running).rejects.toThrow('no');
  expect(ended).not.toContain(6);
});
