import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

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

/**
 * A flood of probes by a process of its own, so that whatever the bench does, it goes on at its pace. It runs from `start` to `stop`, and
 * ends with this process.
 */
export class Flood {
  readonly #process: ChildProcess;
  readonly #output: Promise<string>;

  private constructor(process_: ChildProcess) {
    this.#process = process_;
    this.#output = readAll(process_);
  }

  /** @returns when the allowed streams arrive */
  static async start(plan: FloodPlan): Promise<Flood> {
    const child = spawn(process.execPath, [join(__dirname, 'flood-process.cjs'), JSON.stringify(plan)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const flood = new Flood(child);
    await Promise.race([
      once(child.stdout, 'data'),
      once(child, 'exit').then(() => Promise.reject(new Error('the flood of probes did not begin'))),
    ]);
    return flood;
  }

  async stop(): Promise<readonly Tally[]> {
    this.#process.stdin?.end();
    const [, tallies] = (await this.#output).split('\n');
    return JSON.parse(tallies ?? '') as readonly Tally[];
  }
}

async function readAll({ stdout }: ChildProcess): Promise<string> {
  let text = '';
  for await (const chunk of stdout ?? []) text += String(chunk);
  return text;
}
