import { setTimeout as pause } from 'node:timers/promises';
import { run } from '../../components/host/run.ts';
import type { Bench } from '../bench.ts';
import type { Figure } from '../figures/figure.ts';
import { BenchTruck, benchFile, DIRECTORY, POLICY } from '../truck/bench-truck.ts';
import { megabytes, type Usage, usageOn } from '../usage.ts';

/** Seconds. Idle is as long as it takes from one look at everything to the next, so one is always in it. */
const IDLE = 60;
const STORM = 15;
const LOG = `${DIRECTORY}/watch.log`;
/** The kernel's, for processor time (getconf CLK_TCK). */
const TICKS_PER_SECOND = 100;

/** Memory and processor time of `firebreak watch`, when nothing happens and when a lot does. */
export const watchBench: Bench = async ({ quick, say }) => {
  const truck = await BenchTruck.get(say);
  const [usageOf, storm] = await Promise.all([usageOn(truck), benchFile('watch/storm.sh')]);
  say('the article on the truck, and what emulation costs');
  await truck.timed(['firebreak', 'apply', POLICY]);
  const slower = truck.lab.machine.kind === 'vm' ? await emulationFactor(truck) : 1;
  const samples = {
    ...{ rss: [] as number[], private: [] as number[], stormRss: [] as number[], children: [] as number[] },
    ...{ idle: [] as number[], storm: [] as number[], floor: [] as number[], engine: [] as number[] },
    ...{ engineIdle: [] as number[] },
  };
  const times = quick ? 1 : 2;
  for (let round = 1; round <= times; round++) {
    say(`the watch, idle and in a storm of events, ${round} of ${times}`);
    const pid = await startWatch(truck);
    const floor = await start(truck, [process.execPath, '-e', 'setInterval(() => {}, 1000)']);
    try {
      const engine = (await truck.run(['pidof', 'dockerd'])).stdout.trim().split(' ')[0] ?? '';
      const [before, engineBefore] = [await usageOf(pid), await usageOf(engine)];
      await pause(IDLE * 1000);
      const [after, engineAfter] = [await usageOf(pid), await usageOf(engine)];
      samples.rss.push(megabytes(after.rss));
      samples.private.push(megabytes(after.private));
      samples.children.push(megabytes(after.children));
      samples.floor.push(megabytes((await usageOf(floor)).rss));
      samples.engine.push(megabytes(engineAfter.rss));
      samples.idle.push(percent(before, after) / slower);
      samples.engineIdle.push(percent(engineBefore, engineAfter) / slower);
      const calm = await usageOf(pid);
      await truck.script(storm, [String(STORM)]);
      const stormed = await usageOf(pid);
      // The kernel counts the peak in portions.
      samples.stormRss.push(megabytes(Math.max(stormed.peak, stormed.rss, after.rss)));
      samples.storm.push(percent(calm, stormed));
    } finally {
      await truck.run(['kill', pid, floor]);
    }
  }
  const figure = (what: string, unit: Figure['unit'], own: readonly number[], more: Partial<Figure> = {}): Figure => ({
    ...{ section: 'f', what, unit, better: 'less', own, rivals: [], counts: [] },
    ...more,
  });
  return [
    figure('watch, idle: resident memory', 'MB', samples.rss, {
      limit: { atMost: 60 },
      rivals: [
        { name: 'an idle Node', samples: samples.floor },
        { name: "the truck's dockerd", samples: samples.engine },
      ],
    }),
    figure('… what nobody shares with it', 'MB', samples.private),
    figure('… its four listening children besides', 'MB', samples.children),
    figure('watch, peak up to a storm of events', 'MB', samples.stormRss, { limit: { atMost: 60 } }),
    figure('watch, idle: of a core, with children', '%', samples.idle, {
      limit: { atMost: 0.5 },
      rivals: [
        {
          name: "the truck's dockerd",
          samples: samples.engineIdle,
          ...(slower === 1 ? {} : { remark: `emulated times divided by ${slower.toFixed(1)}` }),
        },
      ],
    }),
    figure('watch, in the storm: of a core, with children', '%', samples.storm),
  ];
};

/** @returns its process number, once it has found that nothing is to be done and has listened for a while */
async function startWatch(truck: BenchTruck): Promise<string> {
  const pid = await start(truck, ['firebreak', 'watch', POLICY, '--json']);
  const wait = 'until grep -q as-desired "$1"; do kill -0 "$2" || exit 1; sleep 0.2; done; sleep 5';
  await truck.run(['sh', '-c', wait, 'wait', LOG, pid]);
  return pid;
}

/** Starts a program in the background; what it says goes to the log. */
async function start(truck: BenchTruck, argv: readonly string[]): Promise<string> {
  // `firebreak` is a script that execs Node: the number stays.
  const { stdout } = await truck.run(['sh', '-c', `setsid "$@" >${LOG} 2>&1 </dev/null & echo $!`, 'start', ...argv]);
  return stdout.trim();
}

/** How often the work is done there and here, so that both take long enough to be counted in ticks. */
const TIMES_EMULATED = 5;
const TIMES_HERE = 100;

/**
 * How many times more processor time the same work takes on the truck than on this machine, where the truck is emulated: programs that are
 * started, as by a look, and Node at work.
 */
async function emulationFactor(truck: BenchTruck): Promise<number> {
  const work = `i=0; while [ $i -lt "$1" ]; do
ip -j -d address >/dev/null; nft list tables >/dev/null; "$0" -e 'JSON.stringify([...Array(1e4).keys()])'; i=$((i+1)); done; cat /proc/$$/stat`;
  const argv = (times: number) => ['sh', '-c', work, process.execPath, String(times)];
  const ticks = (output: string) => {
    const fields = (output.trim().split('\n').at(-1) ?? '').replace(/.*\) /, '').split(' ').map(Number);
    return fields.slice(11, 15).reduce((sum, field) => sum + field, 0);
  };
  // Once before, so that what is read is in memory.
  await truck.run(argv(1));
  const there = ticks((await truck.run(argv(TIMES_EMULATED))).stdout) / TIMES_EMULATED;
  return there / (ticks(await run(argv(TIMES_HERE))) / TIMES_HERE);
}

function percent(before: Usage, after: Usage): number {
  const ticks = after.ticks + after.ticksOfChildren - before.ticks - before.ticksOfChildren;
  return ((ticks / TICKS_PER_SECOND) * 100) / (after.uptime - before.uptime);
}
