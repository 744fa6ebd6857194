import { CommandError, run } from '../../components/host/run.ts';
import type { Expectation } from '../../lib/truck/expectation.ts';
import type { BenchNetwork } from '../network.ts';
import { timed } from '../rounds.ts';

/** Pairs of each verdict that are really pinged, where it is extrapolated. */
const SAMPLE = 8;

/** A ping in the source's namespace for each pair, one after the other, as a script would do it. @returns milliseconds */
export function pingEach(network: BenchNetwork, pairs: readonly Expectation[]): Promise<number> {
  return timed(async () => {
    for (const pair of pairs) await ping(network, pair);
  });
}

/** The same from a sample of the pairs that answer, and of those that don't: these wait a second each. @returns milliseconds */
export async function pingEachExtrapolated(network: BenchNetwork, pairs: readonly Expectation[]): Promise<number> {
  let all = 0;
  for (const verdict of ['reachable', 'isolated']) {
    const those = pairs.filter((pair) => pair.verdict === verdict);
    const sample = those.slice(0, SAMPLE);
    all += ((await pingEach(network, sample)) / sample.length) * those.length;
  }
  return all;
}

async function ping(network: BenchNetwork, { from, address }: Expectation): Promise<void> {
  try {
    await run([
      'ip',
      'netns',
      'exec',
      network.netns(from).split('/').at(-1) ?? '',
      'ping',
      '-c1',
      '-W1',
      '-q',
      address,
    ]);
  } catch (error) {
    // 1: nobody answered.
    if (!(error instanceof CommandError && error.exitCode === 1)) throw error;
  }
}
