import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../../components/host/run.ts';
import type { Expectation } from '../../lib/truck/expectation.ts';
import { groupBy } from '../../lib/truck/group-by.ts';
import type { BenchNetwork } from '../network.ts';
import { undoLater } from '../undo.ts';
import type { Answered } from './pairs.ts';

/** One fping(8) for each source, all at the same time, started by one shell: each pings all targets of its source. */
export class FpingEach {
  readonly #directory: string;
  readonly #pairs: readonly Expectation[];

  private constructor(directory: string, pairs: readonly Expectation[]) {
    this.#directory = directory;
    this.#pairs = pairs;
  }

  static async prepare(network: BenchNetwork, pairs: readonly Expectation[]): Promise<FpingEach> {
    const directory = await mkdtemp(join(tmpdir(), 'firebreak-bench-fping-'));
    undoLater(() => rm(directory, { recursive: true, force: true }));
    const lines = [...groupBy(pairs, ({ from }) => from)].map(([from, those]) => {
      const targets = those.map(({ address }) => address).join(' ');
      const output = join(directory, from);
      return `nsenter --net=${network.netns(from)} fping -a -r0 -t250 -i1 ${targets} >${output} 2>/dev/null &`;
    });
    await writeFile(join(directory, 'all.sh'), [...lines, 'wait', ''].join('\n'));
    return new FpingEach(directory, pairs);
  }

  /** Does it once; this is what takes the time. */
  async measure(): Promise<void> {
    await run(['sh', join(this.#directory, 'all.sh')]);
  }

  /** What the last measurement found. */
  async answered(): Promise<Answered> {
    const alive = new Map<string, ReadonlySet<string>>();
    for (const from of new Set(this.#pairs.map((pair) => pair.from))) {
      alive.set(from, new Set((await readFile(join(this.#directory, from), 'utf8')).split('\n')));
    }
    return new Set(this.#pairs.filter(({ from, address }) => alive.get(from)?.has(address)).map(({ id }) => id));
  }
}
