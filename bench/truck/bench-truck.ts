import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Lab } from '../../lib/lab/lab.ts';
import type { RunResult } from '../../lib/lab/machine/machine.ts';
import { isRunning } from '../network.ts';
import { undoLater } from '../undo.ts';

/** The project's root, seen from the bundle. */
export const ROOT = join(__dirname, '..', '..');
/** Directory of the command line's build; what else is built lies beside it. */
export const BUILD = join(ROOT, 'build', 'firebreak');
export const ARTICLE = join(ROOT, 'examples', 'article.yaml');
/** Of all labs that a bench brings up; the process number follows. */
const PREFIX = 'bench-';
/** What the bench puts onto the truck. */
export const DIRECTORY = '/run/firebreak-bench';
export const POLICY = `${DIRECTORY}/policy.yaml`;

let standing: Promise<BenchTruck> | undefined;

/** A file of bench/, as text. */
export function benchFile(path: string): Promise<string> {
  return readFile(join(ROOT, 'bench', path), 'utf8');
}

/** The truck of the article in a lab of its own. */
export class BenchTruck {
  readonly lab: Lab;
  /** The lab's. */
  readonly name: string;
  /** It was there before, and somebody wants it afterwards. */
  readonly stays: boolean;

  private constructor(lab: Lab, name: string, stays: boolean) {
    this.lab = lab;
    this.name = name;
    this.stays = stays;
  }

  /** One for all sections; it is taken down at the end. With FIREBREAK_BENCH_LAB it is the lab of this name, which stays. */
  static get(say: (what: string) => void): Promise<BenchTruck> {
    standing ??= BenchTruck.#up(say);
    return standing;
  }

  static async #up(say: (what: string) => void): Promise<BenchTruck> {
    const named = process.env.FIREBREAK_BENCH_LAB;
    const name = named ?? `${PREFIX}${process.pid}`;
    const interrupted = new AbortController();
    const policy = await readFile(ARTICLE, 'utf8');
    const coming = Lab.up({
      ...{ name, policy, kernel: 'auto', build: BUILD },
      ...{ onProgress: say, signal: interrupted.signal },
    });
    if (named === undefined) {
      undoLater(async () => {
        interrupted.abort(new Error('interrupted'));
        // It removes what it made itself, if it was interrupted.
        await coming.catch(() => undefined);
        await Lab.down(name);
      });
    }
    const truck = new BenchTruck(await coming, name, named !== undefined);
    await truck.run(['mkdir', '-p', DIRECTORY]);
    await truck.write(POLICY, policy);
    return truck;
  }

  /** Whose kernel it was on; undefined if nobody asked for one. */
  static async place(): Promise<string | undefined> {
    if (standing === undefined) return undefined;
    const truck = await standing;
    const { stdout } = await truck.run(['uname', '--kernel-release']);
    return truck.lab.machine.kind === 'vm' ? `a VM with kernel ${stdout.trim()}` : "this machine's kernel";
  }

  run(argv: readonly string[]): Promise<RunResult> {
    return this.lab.exec('truck', argv, { timeoutMs: 600_000 });
  }

  async write(path: string, text: string): Promise<void> {
    await this.lab.exec('truck', ['tee', path], { input: text });
  }

  /** Runs a shell script. @returns what it writes */
  async script(text: string, args: readonly string[] = []): Promise<string> {
    const { stdout } = await this.lab.exec('truck', ['sh', '-s', '--', ...args], { input: text, timeoutMs: 600_000 });
    return stdout;
  }

  /** Milliseconds that a command takes, by the truck's own clock: the way there doesn't count. @throws MachineError if it fails */
  async timed(argv: readonly string[]): Promise<number> {
    const { stdout } = await this.run(['sh', '-c', TIMED, 'timed', `${DIRECTORY}/output`, ...argv]);
    return Number(stdout) / 1e6;
  }
}

const TIMED = `output=$1; shift; begun=$(date +%s%N)
"$@" >"$output" 2>&1 || { code=$?; cat "$output" >&2; exit $code; }
echo $(($(date +%s%N) - begun))`;

/** Labs that a bench left that was killed. */
export async function removeLeftLabs(): Promise<void> {
  const names = await readdir('/run/firebreak').catch(() => []);
  for (const name of names) {
    const [, maker] = new RegExp(`^${PREFIX}(\\d+)$`).exec(name) ?? [];
    if (maker !== undefined && !isRunning(Number(maker))) await Lab.down(name);
  }
}
