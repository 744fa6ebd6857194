import { constants } from 'node:os';
import { execa } from 'execa';
import { DEFAULT_TIMEOUT_MS, MachineError, type RunOptions, type RunResult } from './machine.ts';

interface LocalRun extends RunOptions {
  /** What errors say was run, when the program is only the way to it (ssh). */
  readonly shownAs?: readonly string[];
  /** Called after a timeout, before the error is thrown: stops what the killed program leaves behind. */
  readonly afterTimeout?: () => Promise<void>;
}

/**
 * Spawns a program of this machine and collects its output, with the exit codes of a shell.
 * @throws MachineError on a timeout, or when it could not be started for another reason than that it doesn't exist; never for an exit code.
 */
export async function runLocally(
  argv: readonly string[],
  options: LocalRun,
): Promise<RunResult & { durationMs: number }> {
  const [file, ...args] = argv;
  if (file === undefined) throw new TypeError('a command needs a program');
  const result = await execa(file, args, {
    ...(options.input === undefined ? { stdin: 'ignore' as const } : { input: options.input }),
    timeout: options.timeoutMs ?? DEFAULT_TIMEOUT_MS,
    killSignal: 'SIGKILL',
    reject: false,
    stripFinalNewline: false,
    cwd: '/',
    env: { LC_ALL: 'C.UTF-8', ...options.environment },
    maxBuffer: 256 * 1024 * 1024,
  });
  const details = { argv: options.shownAs ?? argv, stderr: result.stderr ?? '', durationMs: result.durationMs };
  if (result.timedOut) {
    await options.afterTimeout?.();
    throw new MachineError({ ...details, how: 'killed, because it did not end' });
  }
  if (result.code === 'ENOENT') {
    return { stdout: '', stderr: `${file}: not found\n`, exitCode: 127, durationMs: result.durationMs };
  }
  const exitCode =
    result.exitCode ?? (result.signal === undefined ? undefined : 128 + constants.signals[result.signal]);
  if (exitCode === undefined) {
    const how = result.shortMessage ?? 'no exit code';
    throw new MachineError({ ...details, how, cause: result });
  }
  return { stdout: result.stdout, stderr: result.stderr, exitCode, durationMs: result.durationMs };
}

/** The result, unless its exit code has to be 0 and isn't. @throws MachineError */
export function checked(
  argv: readonly string[],
  { durationMs, ...result }: RunResult & { durationMs: number },
  options: RunOptions,
): RunResult {
  if (result.exitCode === 0 || options.check === false) return result;
  const { exitCode, stderr } = result;
  throw new MachineError({ argv, how: `exit code ${exitCode}`, exitCode, stderr, durationMs });
}
