import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Command, FloodReport, FloodSetting, Phase } from './stream.ts';

/**
 * Probes that go on at their pace while something changes, sent and counted by a process of its own. It ends with `stop`, or with this
 * process.
 */
export class Flood {
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #answers: AsyncIterator<string>;
  #said = '';

  private constructor(process_: ChildProcessWithoutNullStreams) {
    this.#process = process_;
    this.#answers = createInterface(process_.stdout)[Symbol.asyncIterator]();
    process_.stderr.on('data', (chunk: Buffer) => {
      this.#said = `${this.#said}${chunk.toString()}`.slice(-2000);
    });
  }

  /** @param argv what runs the flood's program, wherever that is */
  static async start(argv: readonly string[], setting: FloodSetting, environment = process.env): Promise<Flood> {
    const [file = '', ...args] = argv;
    const flood = new Flood(spawn(file, args, { stdio: 'pipe', env: environment }));
    await flood.#ask({ do: 'set', ...setting });
    return flood;
  }

  /** Returns when everything that is sent belongs to this phase. */
  async phase(phase: Phase): Promise<void> {
    await this.#ask({ do: 'phase', ...phase });
  }

  /** What has been counted so far. */
  async tell(): Promise<FloodReport> {
    return (await this.#ask({ do: 'tell' })) as FloodReport;
  }

  /** The same, when what was under way has come; nothing is sent meanwhile. */
  async settle(): Promise<FloodReport> {
    return (await this.#ask({ do: 'settle' })) as FloodReport;
  }

  /** Begins to count anew; the present phase goes on. */
  async forget(): Promise<void> {
    await this.#ask({ do: 'forget' });
  }

  /** Ends it when what was under way has come. */
  async stop(): Promise<FloodReport> {
    const report = (await this.#ask({ do: 'stop' })) as FloodReport;
    await this.end();
    return report;
  }

  /** Ends it, whatever it is doing. */
  async end(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const ended = once(this.#process, 'exit');
    this.#process.stdin.end();
    await ended;
  }

  async #ask(command: Command): Promise<unknown> {
    this.#process.stdin.write(`${JSON.stringify(command)}\n`);
    const { value, done } = await this.#answers.next();
    if (done === true) throw new Error(`the flood has ended: ${this.#said.trim()}`);
    return JSON.parse(value);
  }
}
