import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Flood as Probes } from '../../lib/lab/flood/flood.ts';
import type { Stream as Probe, Tally as ProbeTally } from '../../lib/lab/flood/stream.ts';

/** Who sends to the target, and how: ping, or datagrams that nobody answers, so that the router decides anew about each of them. */
export interface Stream {
  readonly name: string;
  readonly netns: string;
  readonly protocol: 'icmp' | 'udp';
  /** What the policy says about it. */
  readonly allowed: boolean;
}

export interface FloodPlan {
  readonly streams: readonly Stream[];
  readonly target: { readonly netns: string; readonly address: string; readonly port: number };
  /** Between two packets of a stream. */
  readonly intervalMs: number;
}

/** What became of a stream's packets. */
export interface Tally {
  readonly name: string;
  readonly allowed: boolean;
  readonly sent: number;
  /** At the target's interface. */
  readonly arrived: number;
  /** Answers at the source; only pings are answered. */
  readonly answered: number;
}

const PROGRAM = join(__dirname, '..', 'flood', 'flood.cjs');
const WARMING = 'warming up';
const COUNTING = 'counting';

/** The lab's flood, from some places to one target, from `start` to `stop`. */
export class Flood {
  readonly #plan: FloodPlan;
  readonly #probes: Probes;

  private constructor(plan: FloodPlan, probes: Probes) {
    this.#plan = plan;
    this.#probes = probes;
  }

  /** @returns when the allowed streams arrive */
  static async start(plan: FloodPlan): Promise<Flood> {
    const flood = new Flood(plan, await Probes.start([process.execPath, PROGRAM], {}));
    await flood.#begin(WARMING);
    // Neighbours are resolved before anything counts.
    while (
      (await flood.#tallies(flood.#probes.tell(), WARMING)).some(({ allowed, arrived }) => allowed && arrived === 0)
    ) {
      await pause(20);
    }
    await flood.#begin(COUNTING);
    return flood;
  }

  stop(): Promise<readonly Tally[]> {
    return this.#tallies(this.#probes.stop(), COUNTING);
  }

  #begin(phase: string): Promise<void> {
    const { streams, target } = this.#plan;
    const netns = [target.netns, ...streams.map((stream) => stream.netns)];
    const places = Object.fromEntries(netns.map((path) => [path, { netns: path }]));
    return this.#probes.phase({ phase, places, streams: streams.map((stream) => this.#probe(stream)) });
  }

  #probe({ name, netns, protocol }: Stream): Probe {
    const { target, intervalMs } = this.#plan;
    const packets =
      protocol === 'icmp' ? ({ kind: 'pings' } as const) : ({ kind: 'datagrams', port: target.port } as const);
    return { name, from: netns, to: target.address, everyMs: intervalMs, packets };
  }

  async #tallies(
    report: Promise<{ readonly tallies: readonly ProbeTally[]; readonly lostFrames: number }>,
    phase: string,
  ) {
    const { tallies, lostFrames } = await report;
    if (lostFrames > 0) throw new Error('the flood’s listeners lost frames: its counts prove nothing');
    return this.#plan.streams.map(({ name, allowed, netns }): Tally => {
      const found = tallies.find((tally) => tally.phase === phase && tally.stream.name === name);
      const { target } = this.#plan;
      return {
        ...{ name, allowed, sent: found?.sent ?? 0 },
        ...{ arrived: found?.heard[target.netns] ?? 0, answered: found?.answers[netns] ?? 0 },
      };
    });
  }
}
