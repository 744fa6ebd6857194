import type { Applied } from '../../../components/network-manager/applied.ts';
import { ObstacleError } from '../../../components/network-manager/apply.ts';
import type { EventSource } from '../../../components/network-manager/events.ts';
import { PACE, type WatchReport, watch } from '../../../components/network-manager/watch.ts';
import type { Step } from '../../../lib/truck/steps.ts';

// Nobody waits here: time is what the test says.
beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());
const pass = (milliseconds: number) => jest.advanceTimersByTimeAsync(milliseconds);

const STEP: Step = { do: 'raise-link', link: 'br0' };
const NOTHING: Applied = { steps: [], drift: [], absent: [] };
const REPAIRED: Applied = { ...NOTHING, steps: [STEP] };

/** A source that the test speaks for. */
class FakeSource implements EventSource {
  readonly name = 'fake';
  readonly vital: boolean;
  readonly transient: boolean;
  started = 0;
  #listener: Parameters<EventSource['listen']>[0] | null = null;
  #end: ((error: Error) => void) | null = null;

  constructor({ vital = false, transient = false } = {}) {
    this.vital = vital;
    this.transient = transient;
  }

  listen: EventSource['listen'] = (listener, signal) => {
    this.started++;
    this.#listener = listener;
    return new Promise((resolve, reject) => {
      this.#end = reject;
      signal.addEventListener('abort', () => resolve());
    });
  };

  began = () => this.#listener?.began();
  notice = () => this.#listener?.noticed();
  end = (why: string) => this.#end?.(new Error(why));
}

test('what differs is said before anything is done about it, with the time since the first event', async () => {
  const said: WatchReport[] = [];
  const source = new FakeSource();
  const stop = new AbortController();
  let drift: readonly Step[] = [];
  const ended = watch({
    repair: async (onPlan) => {
      await new Promise((resolve) => setTimeout(resolve, 200));
      const steps = drift;
      if (steps.length > 0) onPlan(steps);
      await new Promise((resolve) => setTimeout(resolve, 1000));
      return { ...NOTHING, steps };
    },
    sources: [source],
    say: (report) => said.push(report),
    pace: PACE,
    signal: stop.signal,
  });
  await pass(5000);
  drift = [STEP];
  source.notice();
  await pass(400);
  expect(said.at(-1)).toEqual({ event: 'noticed', steps: [STEP], sinceMs: PACE.quietMs + 200 });
  drift = [];
  await pass(5000);
  expect(events(said)).toEqual(['as-desired', 'noticed', 'repaired']);
  stop.abort();
  await ended;
});

/** A watch over a truck whose looks come to what the test says; the last again and again. */
function watching(outcomes: readonly (Applied | Error)[], { sources = [new FakeSource()], lookTakesMs = 0 } = {}) {
  const said: WatchReport[] = [];
  const looks: number[] = [];
  let inside = 0;
  const stop = new AbortController();
  const begun = performance.now();
  const ended = watch({
    repair: async () => {
      expect(++inside).toBe(1);
      const outcome = outcomes[Math.min(looks.length, outcomes.length - 1)] ?? NOTHING;
      looks.push(Math.round(performance.now() - begun));
      if (lookTakesMs > 0) await new Promise((resolve) => setTimeout(resolve, lookTakesMs));
      inside--;
      if (outcome instanceof Error) throw outcome;
      return outcome;
    },
    sources,
    say: (report) => said.push(report),
    pace: PACE,
    signal: stop.signal,
  });
  return { said, looks, stop: () => stop.abort(), ended, source: sources[0] ?? new FakeSource() };
}

const events = (said: readonly WatchReport[]) => said.map(({ event }) => event);

test('it applies at once, and looks again every minute', async () => {
  const { looks, said, stop, ended } = watching([REPAIRED, NOTHING]);
  await pass(120_000);
  expect(looks).toEqual([0, 60_000, 120_000]);
  expect(events(said)).toEqual(['repaired']);
  stop();
  await ended;
});

test('a storm of events is one look, and the repair’s own events are another that finds nothing and ends it', async () => {
  const { looks, said, source, stop, ended } = watching([NOTHING, REPAIRED, NOTHING]);
  await pass(1000);
  for (let count = 0; count < 10; count++) {
    source.notice();
    await pass(20);
  }
  await pass(100);
  expect(looks).toEqual([0, 1280]);
  source.notice();
  await pass(30_000);
  expect(looks).toEqual([0, 1280, 1380 + 20]);
  expect(events(said)).toEqual(['as-desired', 'repaired']);
  expect(said[1]).toMatchObject({ steps: [STEP], sinceMs: 280 });
  stop();
  await ended;
});

test('what happens during a slow repair is looked at after it: never two at once', async () => {
  const { looks, source, stop, ended } = watching([REPAIRED], { lookTakesMs: 5000 });
  await pass(1000);
  source.notice();
  await pass(6000);
  expect(looks).toEqual([0, 5000]);
  stop();
  await pass(5000);
  await ended;
});

test('a failing repair is said with the time of the next try, and its end is said, too', async () => {
  const { looks, said, source, stop, ended } = watching([
    new Error('Docker: no answer'),
    new Error('Docker: no answer'),
    { ...REPAIRED, drift: [STEP] },
    NOTHING,
  ]);
  await pass(500);
  source.notice();
  await pass(10_000);
  expect(looks).toEqual([0, 1000, 3000, 7000]);
  expect(said).toEqual([
    { event: 'failed', why: 'Docker: no answer', retryInMs: 1000 },
    { event: 'failed', why: 'Docker: no answer', retryInMs: 2000 },
    { event: 'failed', why: 'after 1 steps the truck still differs: link br0: up', retryInMs: 4000 },
    { event: 'as-desired' },
  ]);
  stop();
  await ended;
});

test('an obstacle is said once, is not hammered at, and its end is said', async () => {
  const obstacle = new ObstacleError([{ what: 'link br0 exists', remedy: 'remove it' }]);
  const { looks, said, source, stop, ended } = watching([obstacle, obstacle, obstacle, NOTHING]);
  await pass(130_000);
  expect(looks).toEqual([0, 60_000, 120_000]);
  source.notice();
  await pass(1000);
  expect(events(said)).toEqual(['obstructed', 'as-desired']);
  stop();
  await ended;
});

test('a source that ends is said once and started again with growing pauses; when it begins, there is a look', async () => {
  const { looks, said, source, stop, ended } = watching([NOTHING]);
  source.began();
  await pass(1000);
  expect(looks).toEqual([0, 100]);
  source.end('out of memory');
  await pass(999);
  expect(source.started).toBe(1);
  await pass(1);
  expect(source.started).toBe(2);
  source.end('out of memory');
  await pass(2000);
  expect(source.started).toBe(3);
  source.began();
  await pass(200);
  expect(looks).toEqual([0, 100, 4100]);
  expect(events(said)).toEqual(['as-desired', 'source-lost']);
  stop();
  await ended;
});

test('what comes and goes is not said, and tried again as soon as something vital happens', async () => {
  const docker = new FakeSource({ vital: true });
  const router = new FakeSource({ transient: true });
  const { said, stop, ended } = watching([NOTHING], { sources: [docker, router] });
  for (let failure = 0; failure < 5; failure++) {
    router.end('the router does not run');
    await pass(20_000);
  }
  router.end('the router does not run');
  await pass(1);
  const { started } = router;
  docker.notice();
  await pass(0);
  expect(router.started).toBe(started + 1);
  expect(events(said)).toEqual(['as-desired']);
  stop();
  await ended;
});

test('when the Docker Engine is back, a failed repair is tried at once', async () => {
  const docker = new FakeSource({ vital: true });
  const { looks, stop, ended } = watching([...Array.from({ length: 7 }, () => new Error('no answer')), NOTHING], {
    sources: [docker],
  });
  await pass(64_000);
  expect(looks).toHaveLength(7);
  docker.began();
  await pass(100);
  expect(looks).toHaveLength(8);
  stop();
  await ended;
});

test('told to end it ends, after the repair that is going on, which it still says', async () => {
  const { looks, said, source, stop, ended } = watching([REPAIRED], { lookTakesMs: 3000 });
  await pass(1000);
  stop();
  source.notice();
  await pass(2000);
  await ended;
  expect(looks).toEqual([0]);
  expect(events(said)).toEqual(['repaired']);
  expect(jest.getTimerCount()).toBe(0);
});
