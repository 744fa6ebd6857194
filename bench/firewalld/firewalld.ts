import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadAndKeep } from '../../components/network-manager/rulesets.ts';
import type { Policy } from '../../lib/policy/index.ts';
import type { Ruleset } from '../../lib/truck/network.ts';
import { routerRuleset } from '../../lib/truck/ruleset/router.ts';
import { ROUTER_TABLES } from '../../lib/truck/ruleset/tables.ts';
import type { Bench } from '../bench.ts';
import type { Figure } from '../figures/figure.ts';
import { median } from '../figures/statistics.ts';
import { BenchNetwork } from '../network.ts';
import { CLIENT, SERVER, STRANGER, withFlows } from '../policies.ts';
import { inTurns, timed } from '../rounds.ts';
import type { Tally } from '../swap/flood.ts';
import { countsOf, floodOver } from '../swap/swap.ts';
import { undoLater } from '../undo.ts';
import { firewalldFiles } from './configuration.ts';
import { Firewalld } from './daemon.ts';

/** One after the other under one flood. */
const SWAPS = 2;

/** A policy that differs in a port comes into force, each in a network of its own, while allowed and forbidden packets cross. */
export const firewalldBench: Bench = async ({ rounds, quick, say }) => {
  const figures: Figure[] = [];
  for (const flows of quick ? [10] : [10, 1000]) {
    say(`firewalld with ${flows} flows`);
    figures.push(await reloadOf(flows, Math.ceil(rounds / 2)));
  }
  return figures;
};

interface Variant {
  readonly ruleset: Ruleset;
  readonly files: Readonly<Record<string, string>>;
}

function variantOf(policy: Policy): Variant {
  return { ruleset: routerRuleset(policy), files: firewalldFiles(policy) };
}

async function reloadOf(flows: number, rounds: number): Promise<Figure> {
  const [first, second] = [variantOf(withFlows(flows, 0)), variantOf(withFlows(flows, 1))];
  // A whole policy: firewalld wants every zone's interface, though nobody is in most of them.
  const [own, theirs] = [await network(), await network()];
  const directory = await mkdtemp(join(tmpdir(), 'firebreak-bench-firewalld-'));
  undoLater(() => rm(directory, { recursive: true, force: true }));
  const daemon = await Firewalld.start(join(directory, 'firewalld'), theirs.netns('router'), first.files);
  try {
    const tallies: Record<'firebreak' | 'firewalld', Tally[]> = { firebreak: [], firewalld: [] };
    const load = (variant: Variant) => loadAndKeep(variant.ruleset, ROUTER_TABLES, directory, own.netns('router'));
    await load(first);
    const swapping = (who: keyof typeof tallies, where: BenchNetwork, swap: (to: Variant) => Promise<number>) =>
      [
        who,
        async () => {
          const times: number[] = [];
          tallies[who].push(
            ...(await floodOver(where, async () => {
              for (let done = 0; done < SWAPS; done++) times.push(await swap(done % 2 === 0 ? second : first));
            })),
          );
          return median(times);
        },
      ] as const;
    const samples = await inTurns(
      [
        swapping('firebreak', own, (to) => timed(() => load(to))),
        swapping('firewalld', theirs, async (to) => {
          await daemon.configure(to.files);
          return timed(() => daemon.reload());
        }),
      ],
      rounds,
    );
    return {
      section: 'e',
      what: `another policy in force, ${flows.toLocaleString('en-GB')} flows`,
      unit: 'ms',
      better: 'less',
      own: samples.firebreak,
      rivals: [{ name: 'firewall-cmd --reload', samples: samples.firewalld, aim: { atMost: 1.5 } }],
      counts: [...countsOf('firebreak', tallies.firebreak), ...countsOf('firewalld', tallies.firewalld)],
    };
  } finally {
    await daemon.stop();
    await Promise.all([own.remove(), theirs.remove()]);
  }

  function network(): Promise<BenchNetwork> {
    return BenchNetwork.make(withFlows(0), [CLIENT, SERVER, STRANGER]);
  }
}
