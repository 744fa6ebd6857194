import { loadRuleset } from '../../components/host/nft.ts';
import { run } from '../../components/host/run.ts';
import { routerRuleset } from '../../lib/truck/ruleset/router.ts';
import type { Bench } from '../bench.ts';
import type { Aim, Figure } from '../figures/figure.ts';
import { BenchNetwork } from '../network.ts';
import { CLIENT, SERVER, STRANGER, withFlows } from '../policies.ts';
import { inTurns } from '../rounds.ts';
import { articleRules, linearRules } from './iptables.ts';
import { Load } from './load.ts';

const FLOWS = [10, 1000, 10_000] as const;
const [FEW] = FLOWS;
/** What may be lost to rules; and how much more with many flows than with few, which is what the machine itself varies by. */
const SHARE = 0.75;
const FLAT = 0.9;

interface Measure {
  readonly what: string;
  readonly unit: Figure['unit'];
  readonly better: Figure['better'];
  readonly sample: (load: Load, seconds: number) => Promise<number>;
}

const MEASURES: readonly Measure[] = [
  { what: 'TCP', unit: 'Mbit/s', better: 'more', sample: (load, seconds) => load.tcp(seconds) },
  {
    what: 'small UDP, established',
    unit: 'packets/s',
    better: 'more',
    sample: (load, seconds) => load.datagrams(seconds, { known: true }),
  },
  {
    what: 'small UDP, each looked up',
    unit: 'packets/s',
    better: 'more',
    sample: (load, seconds) => load.datagrams(seconds, { known: false }),
  },
  { what: 'round trip', unit: 'µs', better: 'less', sample: (load) => load.latency() },
];

/** From one segment to another through the router, with the product's ruleset and with others. */
export const forwardingBench: Bench = async ({ rounds, quick, say }) => {
  const policies = new Map(FLOWS.map((flows) => [flows, withFlows(flows)]));
  const [policy] = policies.values();
  if (policy === undefined) return [];
  const network = await BenchNetwork.make(policy, [CLIENT, SERVER, STRANGER]);
  const router = network.netns('router');
  const load = await Load.prepare(network);
  const [client = '', server = '', other = ''] = [CLIENT, SERVER, STRANGER].map(
    (name) => network.nodes.find((node) => node.name === name)?.segment,
  );
  const restore = (rules: string) => run(['iptables-restore'], { netns: router, input: rules });

  const rules: readonly (readonly [string, () => Promise<unknown>])[] = [
    ['no rules', async () => {}],
    ['article', () => restore(articleRules({ client, server, other }))],
    ...[...policies].flatMap(([flows, those]) => {
      const own = routerRuleset(those).text;
      const linear = linearRules(those);
      return [
        [`firebreak ${flows}`, () => loadRuleset(own, router)] as const,
        [`linear ${flows}`, () => restore(linear)] as const,
      ];
    }),
  ];
  const found = MEASURES.map(() => new Map<string, number[]>());
  let round = 0;
  await inTurns(
    rules.map(([name, apply], position) => [
      name,
      async () => {
        if (position === 0) round++;
        say(`forwarding, ${name} (round ${round} of ${rounds})`);
        await run(['nft', 'flush', 'ruleset'], { netns: router });
        await apply();
        for (const [index, { sample }] of MEASURES.entries()) {
          const samples = found[index];
          const value = await sample(load, quick ? 0.5 : 1);
          samples?.set(name, [...(samples.get(name) ?? []), value]);
        }
        return 0;
      },
    ]),
    rounds,
  );
  await network.remove();
  return MEASURES.flatMap((measure, index) =>
    FLOWS.map((flows) => figureOf(measure, flows, found[index] ?? new Map())),
  );
};

function figureOf(
  { what, unit, better }: Measure,
  flows: number,
  found: ReadonlyMap<string, readonly number[]>,
): Figure {
  const of = (name: string) => found.get(name) ?? [];
  const least = (share: number): Aim =>
    better === 'more' ? { atLeast: share } : { atMost: Math.round(100 / share) / 100 };
  return {
    section: 'd',
    what: `${what}, ${flows.toLocaleString('en-GB')} flows`,
    unit,
    better,
    own: of(`firebreak ${flows}`),
    rivals: [
      { name: 'no rules', samples: of('no rules'), aim: least(SHARE) },
      { name: 'the article’s iptables', samples: of('article') },
      { name: `iptables, ${flows.toLocaleString('en-GB')} rules`, samples: of(`linear ${flows}`) },
      ...(flows === FEW
        ? []
        : [{ name: `itself with ${FEW} flows`, samples: of(`firebreak ${FEW}`), aim: least(FLAT) }]),
    ],
    counts: [],
  };
}
