import { readFile } from 'node:fs/promises';
import { type Document, THING, withServedTruck } from '../../lib/cli/demo/served-truck.ts';
import { baselineOf, withHostLink } from '../../lib/cli/demo/wishes.ts';
import { readYaml } from '../../lib/policy/index.ts';
import { REPORTING_PACE } from '../../lib/shadow/index.ts';
import type { Bench } from '../bench.ts';
import type { Figure } from '../figures/figure.ts';
import { ARTICLE, BenchTruck, BUILD } from '../truck/bench-truck.ts';
import { undoLater } from '../undo.ts';
import { changeFigures, memoryFigures, trafficFigures } from './figures.ts';
import { ObservedTruck } from './observed-truck.ts';

/** So many that there is a 95th percentile; and each takes two reports of status, of which more would have to wait for their turn. */
const ROUNDS = { count: 20, everyMs: 2 * REPORTING_PACE.tokenMs };
const QUICK_ROUNDS = { count: 2, everyMs: 0 };
/** Seconds. */
const IDLE = 600;
const QUICK_IDLE = 60;
/** By the directory of its artifact. */
const COMPONENTS = { 'network-manager': 'network manager', 'isolation-tester': 'isolation tester' };

/** A truck in service: what a change by its shadow takes, what its components need, and what it sends while nothing happens. */
export const servedBench: Bench = async ({ quick, say }) => {
  const truck = await BenchTruck.get(say);
  const { lab, name } = truck;
  const interrupted = new AbortController();
  let isLeft = false;
  // The others find the truck bare, and on its own.
  const leave = async () => {
    if (isLeft) return;
    isLeft = true;
    await (await lab.greengrass(THING)).stop();
    await lab.cloud.stop();
    await lab.firebreak(['down']);
  };
  undoLater(async () => {
    interrupted.abort(new Error('interrupted'));
    if (truck.stays) await leave();
  });
  say('a bare truck');
  await lab.firebreak(['down']);
  const document = withHostLink(readYaml(await readFile(ARTICLE, 'utf8')).value as Document);
  const place = { lab, name, build: BUILD, baseline: baselineOf(document) };
  const figures = await withServedTruck(place, { say }, interrupted.signal, async ({ desire }) => {
    say("the article's policy, by the shadow");
    const { status, why } = await desire(document);
    if (status !== 'applied') throw new Error(`the truck says ${status}: ${why}`);
    return await look(await ObservedTruck.at(truck, document), quick, say);
  });
  say('out of service');
  await leave();
  return figures;
};

async function look(truck: ObservedTruck, quick: boolean, say: (what: string) => void): Promise<readonly Figure[]> {
  const { count, everyMs } = quick ? QUICK_ROUNDS : ROUNDS;
  const changes = await truck.changes(count, everyMs, say);
  say("the components' memory");
  const memory: Figure[] = [];
  for (const [directory, component] of Object.entries(COMPONENTS)) {
    memory.push(...memoryFigures(component, await truck.memory(directory)));
  }
  const seconds = quick ? QUICK_IDLE : IDLE;
  say(`what an idle truck sends in ${seconds} s`);
  const traffic = await truck.traffic(seconds, changes);
  return [...changeFigures(changes), ...memory, ...trafficFigures(traffic, seconds)];
}
