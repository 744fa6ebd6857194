import { constants } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { DEFAULT_TIMEOUT_MS, MachineError, type RunOptions, type RunResult } from './machine.ts';

interface LocalRun extends RunOptions {
  /** What errors say was run, when the program is only the way to it (ssh). */
  readonly shownAs?: readonly string[];
  /** Called after a timeout: ends what the program started. It is killed itself afterwards. */
  readonly stop?: () => Promise<unknown>;
}

interface TimedResult extends RunResult {
  readonly durationMs: number;
}

/**
 * Spawns a program of this machine and collects its output, with the exit codes of a shell.
 * @throws MachineError on a timeout, or when it could not be started for another reason than that it doesn't exist; never for an exit code.
 */
export async function runLocally(argv: readonly string[], options: LocalRun): Promise<TimedResult> {
  const [file, ...args] = argv;
  if (file === undefined) throw new TypeError('a command needs a program');
  const child = execa(file, args, {
    ...(options.input === undefined ? { stdin: 'ignore' as const } : { input: options.input }),
    reject: false,
    stripFinalNewline: false,
    cwd: '/',
    env: { LC_ALL: 'C.UTF-8', ...options.environment },
    maxBuffer: 256 * 1024 * 1024,
  });
  const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  const result = await withDeadline(child, timeoutMs);
  if (result === undefined) {
    const failure = await options.stop?.().then(() => undefined, String);
    // Whoever holds the output would hold us: after a moment for the last words it is let go.
    const last = await withDeadline(child, 1_000);
    child.kill('SIGKILL');
    child.stdout.destroy();
    child.stderr.destroy();
    const how =
      failure === undefined ? 'did not end and was killed' : `did not end, and could not be killed (${failure})`;
    throw new MachineError({ argv: options.shownAs ?? argv, how, stderr: last?.stderr ?? '', durationMs: timeoutMs });
  }
  const { stdout, stderr, durationMs } = result;
  if (result.code === 'ENOENT') return { stdout, stderr: `${file}: not found\n`, exitCode: 127, durationMs };
  const exitCode =
    result.exitCode ?? (result.signal === undefined ? undefined : 128 + constants.signals[result.signal]);
  if (exitCode === undefined) {
    const how = result.shortMessage ?? 'no exit code';
    throw new MachineError({ argv: options.shownAs ?? argv, how, stderr, durationMs, cause: result });
  }
  return { stdout, stderr, exitCode, durationMs };
}

/** The result, unless its exit code has to be 0 and isn't. @throws MachineError */
export function checked(argv: readonly string[], result: TimedResult, options: RunOptions): RunResult {
  const { stdout, stderr, exitCode, durationMs } = result;
  if (exitCode === 0 || options.check === false) return { stdout, stderr, exitCode };
  throw new MachineError({ argv, how: `exit code ${exitCode}`, exitCode, stderr, durationMs });
}

/** undefined when the time is over first. */
async function withDeadline<T>(promise: Promise<T>, ms: number): Promise<T | undefined> {
  const timer = new AbortController();
  try {
    return await Promise.race([promise, sleep(ms, undefined, { signal: timer.signal }).catch(() => undefined)]);
  } finally {
    timer.abort();
  }
}
