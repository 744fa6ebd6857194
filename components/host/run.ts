import { ExecaError, execa } from 'execa';

export interface RunOptions {
  /** Given to standard input. */
  readonly input?: string;
  /** Milliseconds; afterwards the process is killed. Default: 30,000. */
  readonly timeoutMs?: number;
  /** Path of a network namespace to run in (nsenter(1)). */
  readonly netns?: string;
}

/** A process that could not be started, did not end in time, or ended with another exit code than 0. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly argv: readonly string[];
  /** undefined: it never started or was killed. */
  readonly exitCode: number | undefined;
  readonly stderr: string;
  readonly durationMs: number;

  constructor(argv: readonly string[], cause: ExecaError) {
    const stderr = typeof cause.stderr === 'string' ? cause.stderr.trim() : '';
    const how = cause.timedOut
      ? `did not end within ${Math.round(cause.durationMs)} ms`
      : cause.exitCode === undefined
        ? cause.shortMessage
        : `exit code ${cause.exitCode}`;
    super(`${argv.join(' ')}: ${how}${stderr === '' ? '' : `: ${stderr}`}`, { cause });
    this.argv = argv;
    this.exitCode = cause.exitCode;
    this.stderr = stderr;
    this.durationMs = cause.durationMs;
  }
}

/**
 * Runs a program without a shell and gives its standard output.
 * @throws CommandError with argv, exit code and standard error.
 */
export async function run(argv: readonly string[], options: RunOptions = {}): Promise<string> {
  const whole = options.netns === undefined ? argv : ['nsenter', `--net=${options.netns}`, ...argv];
  const [file, ...args] = whole;
  if (file === undefined) throw new TypeError('run needs a program');
  try {
    const { stdout } = await execa(file, args, {
      ...(options.input === undefined ? { stdin: 'ignore' as const } : { input: options.input }),
      timeout: options.timeoutMs ?? 30_000,
      killSignal: 'SIGKILL',
      stripFinalNewline: false,
      // Messages are matched in English.
      env: { LC_ALL: 'C' },
      maxBuffer: 256 * 1024 * 1024,
    });
    return stdout;
  } catch (error) {
    if (error instanceof ExecaError) throw new CommandError(whole, error);
    throw error;
  }
}
