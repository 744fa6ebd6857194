import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { endGroup } from './process-groups.ts';

export interface ScriptOptions {
  readonly script: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly directory: string;
  /** Where its process group is noted, before it does anything: whoever starts this device again can end what is left. */
  readonly noteIn: string;
  log(stream: 'stdout' | 'stderr', line: string): void;
}

/** A lifecycle script that runs: a shell in a process group of its own. */
export class Script {
  readonly #child: ChildProcess;
  /** Fulfilled with its exit code; null if a signal ended it or it could not be started. */
  readonly ended: Promise<number | null>;

  constructor({ script, environment, directory, noteIn, log }: ScriptOptions) {
    const noted = 'echo $$ >>"$1" && exec sh -c "$2"';
    this.#child = spawn('sh', ['-c', noted, 'sh', noteIn, script], {
      cwd: directory,
      env: { ...environment },
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of ['stdout', 'stderr'] as const) {
      const output = this.#child[stream];
      if (output !== null) createInterface({ input: output }).on('line', (line) => log(stream, line));
    }
    this.ended = new Promise((resolve) => {
      // Not 'close': what it left running in the background may hold its output open.
      this.#child.once('exit', (code) => resolve(code));
      this.#child.once('error', (error) => {
        log('stderr', error.message);
        resolve(null);
      });
    });
  }

  /** Ends it and all of its process group. */
  async stop(): Promise<void> {
    const { pid } = this.#child;
    if (pid !== undefined) await endGroup(pid);
  }
}
