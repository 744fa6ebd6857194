import { parsePolicy } from '../../lib/policy/index.ts';
import { compile } from '../../lib/truck/compile.ts';
import type { Expectation } from '../../lib/truck/expectation.ts';
import { expectations } from '../../lib/truck/expectations.ts';
import { groupBy } from '../../lib/truck/group-by.ts';
import { ROUTER } from '../../lib/truck/network.ts';
import { routerFiles } from '../../lib/truck/router-files.ts';
import type { Bench, BenchOptions } from '../bench.ts';
import type { Figure } from '../figures/figure.ts';
import { type Contender, inTurns } from '../rounds.ts';
import { BenchTruck, benchFile, DIRECTORY, POLICY } from '../truck/bench-truck.ts';

type Name = 'verified' | 'by hand' | 'compose' | 'CNI';

interface BringUp {
  readonly rows: number;
  /** The product's `apply` alone, in the rounds of `verified`. */
  readonly applied: readonly number[];
  readonly samples: Readonly<Record<Name, readonly number[]>>;
}

let measured: Promise<BringUp> | undefined;

/** From a bare truck until all rows of the article's table were measured as promised. */
export const verifiedBench: Bench = async (options) => {
  const { rows, samples } = await bringUp(options);
  return [
    {
      ...FIGURE,
      section: 'a',
      what: `bare → all ${rows} rows verified`,
      own: samples.verified,
      rivals: [{ name: 'a shell script by hand', samples: samples['by hand'], aim: { atMost: 1.5 } }],
    },
  ];
};

/** From a bare truck until networks and containers are there. */
export const containersBench: Bench = async (options) => {
  const { applied, samples } = await bringUp(options);
  return [
    {
      ...FIGURE,
      section: 'e',
      what: 'bare → networks, containers, rules',
      own: applied,
      rivals: [
        { name: 'docker-compose up', samples: samples.compose, remark: 'no links, no rules' },
        { name: 'docker run, plugged in by CNI', samples: samples.CNI, remark: 'no VLANs, some rules' },
      ],
    },
  ];
};

const FIGURE: Pick<Figure, 'unit' | 'better' | 'counts'> = { unit: 'ms', better: 'less', counts: [] };

/** Sections share the rounds, because each takes minutes under software emulation. */
function bringUp(options: BenchOptions): Promise<BringUp> {
  measured ??= measureAll(options);
  return measured;
}

async function measureAll({ quick, only, say }: BenchOptions): Promise<BringUp> {
  const truck = await BenchTruck.get(say);
  say('the router’s image, and a bare truck');
  const rows = await putOnto(truck);
  await truck.script('docker load --quiet --input "$FIREBREAK_ROUTER_IMAGE"');
  await unbuild(truck);
  const image = (await truck.run(['docker', 'images', '--format', '{{.Repository}}:{{.Tag}}', 'firebreak-router']))
    .stdout;
  const [routerImage = ''] = image.split('\n');

  const applied: number[] = [];
  /** Does it, and makes the truck bare again, which isn't counted. */
  const onBareTruck = (name: Name, work: () => Promise<number>): Contender<Name> => [
    name,
    async () => {
      const took = await work();
      await unbuild(truck);
      return took;
    },
  ];
  const verified = onBareTruck('verified', async () => {
    const { applyMs, matrixMs } = await firebreak(truck);
    applied.push(applyMs);
    return applyMs + matrixMs;
  });
  const byScript = (name: Name, file: string) =>
    onBareTruck(name, () => truck.timed(['sh', `${DIRECTORY}/${file}`, DIRECTORY, routerImage]));
  const environment = ['env', `ROUTER_IMAGE=${routerImage}`, `DIRECTORY=${DIRECTORY}`];
  const compose = [
    'docker-compose',
    '--project-name',
    'article',
    '--file',
    `${DIRECTORY}/compose.yaml`,
    'up',
    '--detach',
  ];
  const contenders = [
    verified,
    ...(only.includes('a') ? [byScript('by hand', 'by-hand.sh')] : []),
    ...(only.includes('e')
      ? [onBareTruck('compose', () => truck.timed([...environment, ...compose])), byScript('CNI', 'by-cni.sh')]
      : []),
  ];
  // Minutes each under software emulation.
  const times = quick ? 1 : 3;
  say(`bringing up the article ${times} times each: ${contenders.map(([name]) => name).join(', ')}`);
  const samples = await inTurns(contenders, times);
  return { rows, applied, samples };
}

async function firebreak(truck: BenchTruck): Promise<{ readonly applyMs: number; readonly matrixMs: number }> {
  const applyMs = await truck.timed(['firebreak', 'apply', POLICY]);
  return { applyMs, matrixMs: await truck.timed(['firebreak', 'matrix', POLICY]) };
}

/** @throws Error that says what is left, if the truck isn't bare then */
async function unbuild(truck: BenchTruck): Promise<void> {
  await truck.run(['firebreak', 'down']);
  await truck.run(['sh', `${DIRECTORY}/undo.sh`]);
  const { stdout: left } = await truck.run(['sh', `${DIRECTORY}/bare.sh`]);
  if (left !== '') throw new Error(`the truck should be bare, but has ${left.trim().split('\n').join(', ')}`);
}

/** Puts scripts, rulesets and rows onto the truck. @returns how many rows there are */
async function putOnto(truck: BenchTruck): Promise<number> {
  for (const name of ['by-hand.sh', 'by-cni.sh', 'compose.yaml', 'undo.sh', 'bare.sh']) {
    await truck.write(`${DIRECTORY}/${name}`, await benchFile(`bring-up/${name}`));
  }
  const { policy } = parsePolicy((await truck.run(['cat', POLICY])).stdout);
  if (policy === undefined) throw new Error('the article is no policy');
  const { hostRuleset, edgeRuleset, router } = compile(policy, { routerImage: ROUTER });
  const promised = expectations(policy, Date.now());
  await truck.write(`${DIRECTORY}/host.nft`, hostRuleset.text);
  await truck.write(`${DIRECTORY}/edge.nft`, edgeRuleset.text);
  await truck.run(['mkdir', '-p', `${DIRECTORY}/router/current`]);
  for (const [name, text] of Object.entries(routerFiles(router.configuration))) {
    await truck.write(`${DIRECTORY}/router/current/${name}`, text);
  }
  const line = ({ from, address }: Expectation) => `${from} ${address}\n`;
  const lines = (those: readonly Expectation[]) => [...new Set(those.map(line))].sort().join('');
  await truck.write(`${DIRECTORY}/reachable`, lines(promised.filter(({ verdict }) => verdict === 'reachable')));
  const agents = JSON.parse((await truck.script('cat "$FIREBREAK_AGENTS"')).trim()) as Readonly<Record<string, string>>;
  const sources = groupBy(promised, ({ from }) => from);
  for (const [source, those] of sources) {
    await truck.write(`${DIRECTORY}/targets.${source}`, those.map(({ address }) => address).join(' '));
  }
  await truck.write(
    `${DIRECTORY}/sources`,
    [...sources.keys()]
      .map((source) => (agents[source] === undefined ? source : `${source} ${agents[source]}`))
      .join('\n'),
  );
  return expectations.length;
}
