import { loadRuleset } from '../../components/host/nft.ts';
import { measure } from '../../components/isolation-tester/measure.ts';
import { expectations } from '../../lib/truck/expectations.ts';
import { routerRuleset } from '../../lib/truck/ruleset/router.ts';
import type { Bench } from '../bench.ts';
import type { Count, Figure, Rival } from '../figures/figure.ts';
import { BenchNetwork } from '../network.ts';
import { halfDenied } from '../policies.ts';
import { inTurns, timed } from '../rounds.ts';
import { pingAtOnce, SILENCE_MS } from './floor.ts';
import { FpingEach } from './fping.ts';
import { type Answered, wrongVerdicts } from './pairs.ts';
import { pingEach, pingEachExtrapolated } from './ping-each.ts';

/** Who may ping whom, for all ordered pairs of 6, 24 and 64 nodes, half of which are denied. */
export const matrixBench: Bench = async ({ rounds, say }) => {
  const figures: Figure[] = [];
  for (const nodes of [6, 24, 64]) {
    say(`matrix of ${nodes} nodes`);
    figures.push(await matrixOf(nodes, rounds));
  }
  return figures;
};

async function matrixOf(nodes: number, rounds: number): Promise<Figure> {
  const policy = halfDenied(nodes);
  const network = await BenchNetwork.make(policy);
  try {
    await loadRuleset(routerRuleset(policy).text, network.netns('router'));
    const members = new Set(policy.nodes.map(({ name }) => name));
    const pairs = expectations(policy, Date.now()).filter(({ from, to }) => members.has(from) && members.has(to));
    const reachable = new Set(pairs.filter(({ verdict }) => verdict === 'reachable').map(({ id }) => id));
    const vantages = network.vantages();
    const fping = await FpingEach.prepare(network, pairs);

    const wrong = { firebreak: 0, fping: 0, floor: 0 };
    const note = (who: keyof typeof wrong, answered: Answered) => {
      wrong[who] += wrongVerdicts(pairs, answered);
    };
    let echoId = 1;
    const contenders = [
      [
        'firebreak',
        async () => {
          const begun = performance.now();
          const observations = await measure(vantages, pairs, { expectReply: (id) => reachable.has(id) });
          const took = performance.now() - begun;
          note('firebreak', new Set(observations.filter(({ reply }) => reply === 'answer').map(({ id }) => id)));
          return took;
        },
      ],
      [
        'fping',
        async () => {
          const took = await timed(() => fping.measure());
          note('fping', await fping.answered());
          return took;
        },
      ],
      [
        'floor',
        async () => {
          const begun = performance.now();
          const answered = pingAtOnce(network, pairs, echoId++);
          const took = performance.now() - begun;
          note('floor', answered);
          return took;
        },
      ],
    ] as const;
    // Once without counting: neighbours are resolved, code is compiled.
    await inTurns(contenders, 1);
    Object.assign(wrong, { firebreak: 0, fping: 0, floor: 0 });
    const samples = await inTurns(contenders, rounds);
    const count = (who: string, found: number): Count => ({
      what: 'wrong verdicts',
      who,
      found,
      of: rounds * pairs.length,
      ours: who === 'firebreak',
    });
    return {
      section: 'b',
      what: `matrix of ${nodes} nodes`,
      unit: 'ms',
      better: 'less',
      own: samples.firebreak,
      rivals: [
        { name: 'one fping a source', samples: samples.fping, aim: { atMost: 1.5 } },
        { name: `a socket in each namespace, ${SILENCE_MS} ms of silence`, samples: samples.floor },
        ...(await eachPair()),
      ],
      counts: [count('firebreak', wrong.firebreak), count('fping', wrong.fping), count('sockets', wrong.floor)],
    };

    async function eachPair(): Promise<readonly Rival[]> {
      const name = 'a ping for each pair';
      const few = Math.ceil(rounds / 4);
      if (nodes === 6) {
        return [{ name, samples: (await inTurns([['ping', () => pingEach(network, pairs)]], few)).ping }];
      }
      if (nodes > 24) return [];
      const { ping } = await inTurns([['ping', () => pingEachExtrapolated(network, pairs)]], few);
      return [{ name, samples: ping, remark: 'extrapolated' }];
    }
  } finally {
    await network.remove();
  }
}
