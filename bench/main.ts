import { Command, InvalidArgumentError } from 'commander';
import { print, remark } from '../lib/cli/output.ts';
import { Progress } from '../lib/cli/progress.ts';
import { table } from '../lib/cli/table.ts';
import type { Bench } from './bench.ts';
import { containersBench, verifiedBench } from './bring-up/bring-up.ts';
import { missedAims } from './figures/aims.ts';
import type { Figure } from './figures/figure.ts';
import { HEAD, tableRows } from './figures/table.ts';
import { firewalldBench } from './firewalld/firewalld.ts';
import { fleetBench } from './fleet/fleet.ts';
import { forwardingBench } from './forwarding/forwarding.ts';
import { describeMachine } from './machine.ts';
import { matrixBench } from './matrix/matrix.ts';
import { removeLeftovers } from './network.ts';
import { preparePackages } from './packages.ts';
import { writeReport } from './report.ts';
import { servedBench } from './served/served.ts';
import { swapBench } from './swap/swap.ts';
import { BenchTruck, removeLeftLabs } from './truck/bench-truck.ts';
import { undoAll, undoOnSignals } from './undo.ts';
import { watchBench } from './watch/watch.ts';

/** The sections by the letters that they have always had. */
const SECTIONS: Readonly<Record<string, readonly Bench[]>> = {
  a: [verifiedBench],
  b: [matrixBench],
  c: [swapBench],
  d: [forwardingBench],
  e: [firewalldBench, containersBench],
  f: [watchBench],
  g: [servedBench],
  h: [fleetBench],
};

interface Options {
  readonly only: readonly string[];
  readonly json: string;
  readonly quick: boolean;
}

async function bench({ only, json, quick }: Options): Promise<void> {
  const progress = new Progress();
  const rounds = quick ? 3 : 7;
  const figures: Figure[] = [];
  try {
    await preparePackages(progress.say);
    await removeLeftovers();
    await removeLeftLabs();
    const machine = await describeMachine();
    for (const key of only) {
      const found: Figure[] = [];
      for (const section of SECTIONS[key] ?? []) {
        found.push(...(await section({ rounds, quick, only, say: progress.say })));
      }
      const truck = await BenchTruck.place();
      // At once: what comes later may fail.
      await writeReport(json, truck === undefined ? machine : { ...machine, truck }, { quick, figures: found });
      figures.push(...found);
    }
    progress.done();
    print(table(HEAD, tableRows(figures)));
    const missed = missedAims(figures);
    for (const line of missed) remark(`missed: ${line}`);
    if (missed.length > 0) process.exitCode = 1;
  } finally {
    await undoAll();
  }
}

function sections(text: string): readonly string[] {
  const keys = text.split(',');
  const unknown = keys.filter((key) => SECTIONS[key] === undefined);
  if (unknown.length > 0) throw new InvalidArgumentError(`There are ${Object.keys(SECTIONS).join(', ')}.`);
  return keys;
}

undoOnSignals();
void new Command('bench')
  .description('Measures Firebreak against others that do the same work. Needs root; about an hour and a half.')
  .option('--only <sections>', 'some of the sections: a,b,c,d,e,f,g,h', sections, Object.keys(SECTIONS))
  .option('--json <file>', 'where the figures are written', 'bench/latest.json')
  .option('--quick', 'few and short rounds: to see that it works', false)
  .action(bench)
  .parseAsync()
  .catch((error: unknown) => {
    remark(`bench: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  });
