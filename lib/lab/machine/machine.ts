/** Where the lab's truck lives: this machine, or a VM that boots a kernel which has everything. */
export interface Machine {
  readonly kind: 'this-machine' | 'vm';
  /**
   * Runs a program without a shell, from `/`, in English (LC_ALL=C.UTF-8), and collects its output.
   * It returns when the program ended *and* nobody holds its output any longer: a daemon must be started with its output redirected.
   * A program that does not exist ends with 127, one that a signal killed with 128 + signal, as in a shell.
   * @throws MachineError on another exit code than 0 (unless `check` is false), on a timeout, and when the machine can't be reached.
   */
  run(argv: readonly string[], options?: RunOptions): Promise<RunResult>;
  /** What to spawn on the outer machine, with inherited stdio, so that a human or a script talks to a command in the machine. */
  interactive(argv: readonly string[], options: { readonly tty: boolean }): readonly string[];
}

export interface RunOptions {
  /** Given to standard input; without it that is /dev/null. */
  readonly input?: string;
  /** Milliseconds, default 120,000. Afterwards the program and everything it started (also daemons) gets SIGKILL. */
  readonly timeoutMs?: number;
  /** Added to the machine's environment. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Default true: an exit code other than 0 throws. */
  readonly check?: boolean;
}

export interface RunResult {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
}

/** Milliseconds that a command may take when nobody said otherwise: software emulation is slow. */
export const DEFAULT_TIMEOUT_MS = 120_000;

/** A command that failed in a machine, or that never got there. */
export class MachineError extends Error {
  override readonly name = 'MachineError';
  readonly argv: readonly string[];
  /** undefined: it timed out or never started. */
  readonly exitCode: number | undefined;
  readonly stderr: string;
  readonly durationMs: number;

  constructor(details: {
    readonly argv: readonly string[];
    /** How it ended, e.g. "exit code 1". */
    readonly how: string;
    readonly exitCode?: number | undefined;
    readonly stderr?: string;
    readonly durationMs: number;
    readonly cause?: unknown;
  }) {
    const stderr = (details.stderr ?? '').trim();
    super(
      `${details.argv.join(' ')}: ${details.how} after ${Math.round(details.durationMs)} ms${stderr === '' ? '' : `: ${stderr}`}`,
      details.cause === undefined ? undefined : { cause: details.cause },
    );
    this.argv = details.argv;
    this.exitCode = details.exitCode;
    this.stderr = stderr;
    this.durationMs = details.durationMs;
  }
}
