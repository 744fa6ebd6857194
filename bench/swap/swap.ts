import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadRuleset } from '../../components/host/nft.ts';
import { run } from '../../components/host/run.ts';
import { loadAndKeep } from '../../components/network-manager/rulesets.ts';
import type { Ruleset } from '../../lib/truck/network.ts';
import { routerRuleset } from '../../lib/truck/ruleset/router.ts';
import { ROUTER_TABLES } from '../../lib/truck/ruleset/tables.ts';
import type { Bench } from '../bench.ts';
import type { Count, Figure } from '../figures/figure.ts';
import { median } from '../figures/statistics.ts';
import { BenchNetwork } from '../network.ts';
import { CLIENT, SERVER, SERVER_PORT, STRANGER, withFlows } from '../policies.ts';
import { inTurns, timed } from '../rounds.ts';
import { undoLater } from '../undo.ts';
import { Flood, type Tally } from './flood.ts';

const INTERVAL_MS = 1;
/** One after the other under one flood. */
const SWAPS = 6;

/** One ruleset takes the place of another while allowed and forbidden packets cross. */
export const swapBench: Bench = async ({ rounds, quick, say }) => {
  const network = await BenchNetwork.make(withFlows(0), [CLIENT, SERVER, STRANGER]);
  const directory = await mkdtemp(join(tmpdir(), 'firebreak-bench-swap-'));
  undoLater(() => rm(directory, { recursive: true, force: true }));
  const figures: Figure[] = [];
  for (const flows of [10, 1000, 10_000]) {
    say(`swap of a ruleset with ${flows} flows`);
    figures.push(...(await swapOf(flows, { network, directory, rounds, swaps: quick ? 2 : SWAPS })));
  }
  await network.remove();
  return figures;
};

interface Setting {
  readonly network: BenchNetwork;
  readonly directory: string;
  readonly rounds: number;
  readonly swaps: number;
}

async function swapOf(flows: number, { network, directory, rounds, swaps }: Setting): Promise<readonly Figure[]> {
  const router = network.netns('router');
  const variants = [0, 1].map((variant) => {
    const ruleset = routerRuleset(withFlows(flows, variant));
    return { ruleset, file: join(directory, `${flows}-${variant}.nft`) };
  });
  for (const { ruleset, file } of variants) await writeFile(file, ruleset.text);

  type Load = (variant: { readonly ruleset: Ruleset; readonly file: string }) => Promise<unknown>;
  const loads: Readonly<Record<'loaded' | 'kept' | 'nft', Load>> = {
    loaded: ({ ruleset }) => loadRuleset(ruleset.text, router),
    kept: ({ ruleset }) => loadAndKeep(ruleset, ROUTER_TABLES, directory, router),
    nft: ({ file }) => run(['nft', '-f', file], { netns: router }),
  };
  const tallies: Record<keyof typeof loads, Tally[]> = { loaded: [], kept: [], nft: [] };
  const [first] = variants;
  if (first !== undefined) await loads.loaded(first);

  /** The median of some swaps under one flood. */
  const swapping = (who: keyof typeof loads) => async () => {
    const times: number[] = [];
    const tally = await floodOver(network, async () => {
      for (let swap = 0; swap < swaps; swap++) {
        // From the second to the first and back.
        const variant = variants[(swap + 1) % variants.length];
        if (variant !== undefined) times.push(await timed(() => loads[who](variant)));
      }
    });
    tallies[who].push(...tally);
    return median(times);
  };
  const samples = await inTurns(
    [
      ['loaded', swapping('loaded')],
      ['kept', swapping('kept')],
      ['nft', swapping('nft')],
    ],
    rounds,
  );
  const figure = (who: 'loaded' | 'kept', what: string): Figure => ({
    section: 'c',
    what: `${what}, ${flows.toLocaleString('en-GB')} flows`,
    unit: 'ms',
    better: 'less',
    own: samples[who],
    rivals: [{ name: 'nft -f alone', samples: samples.nft, aim: { atMost: 1.5 } }],
    counts: [
      ...countsOf('firebreak', tallies[who]),
      // Once is enough.
      ...(who === 'kept' ? countsOf('nft -f', tallies.nft) : []),
    ],
  });
  return [figure('loaded', 'ruleset in force'), figure('kept', 'ruleset in force and recorded')];
}

/** What became of allowed and forbidden packets that crossed while something was done. */
export async function floodOver(network: BenchNetwork, action: () => Promise<void>): Promise<readonly Tally[]> {
  const flood = await Flood.start({
    streams: [
      { name: 'ping', netns: network.netns(CLIENT), protocol: 'icmp', allowed: true },
      { name: 'datagrams', netns: network.netns(CLIENT), protocol: 'udp', allowed: true },
      { name: 'forbidden ping', netns: network.netns(STRANGER), protocol: 'icmp', allowed: false },
      { name: 'forbidden datagrams', netns: network.netns(STRANGER), protocol: 'udp', allowed: false },
    ],
    target: { netns: network.netns(SERVER), address: network.address(SERVER), port: SERVER_PORT },
    intervalMs: INTERVAL_MS,
  });
  try {
    await action();
  } catch (error) {
    await flood.stop();
    throw error;
  }
  return flood.stop();
}

export function countsOf(who: string, tallies: readonly Tally[]): readonly Count[] {
  const sum = (those: readonly Tally[], of: (tally: Tally) => number) =>
    those.reduce((total, tally) => total + of(tally), 0);
  const allowed = tallies.filter((tally) => tally.allowed);
  const pings = allowed.filter(({ name }) => name === 'ping');
  const forbidden = tallies.filter((tally) => !tally.allowed);
  const ours = who === 'firebreak';
  return [
    {
      what: 'leaked',
      who,
      found: sum(forbidden, ({ arrived }) => arrived),
      of: sum(forbidden, ({ sent }) => sent),
      ours,
    },
    {
      what: 'lost',
      who,
      // On the way there, and the answers on their way back.
      found:
        sum(allowed, ({ sent, arrived }) => sent - arrived) + sum(pings, ({ arrived, answered }) => arrived - answered),
      of: sum(allowed, ({ sent }) => sent) + sum(pings, ({ arrived }) => arrived),
      ours,
    },
  ];
}
