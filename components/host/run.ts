import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { type FileHandle, open, unlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

export interface RunOptions {
  /** Given to standard input. */
  readonly input?: string;
  /** Milliseconds; afterwards the process is killed. Default: 30,000. */
  readonly timeoutMs?: number;
  /** Path of a network namespace to run in (nsenter(1)). */
  readonly netns?: string;
  /**
   * It writes its output in very many small pieces: they go to a nameless file instead of a socket, where each wakes the reader. `nft list` of
   * 10,000 flows does 200,000 writes; that takes 0.3 s instead of 0.8.
   */
  readonly manyWrites?: boolean;
}

/** How a process ended otherwise than it should. */
interface Failure {
  /** In words. */
  readonly how: string;
  readonly exitCode?: number | undefined;
  readonly stderr?: string;
  readonly durationMs: number;
  readonly cause?: unknown;
}

/** A process that could not be started, did not end in time, or ended with another exit code than 0. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly argv: readonly string[];
  /** undefined: it never started or was killed. */
  readonly exitCode: number | undefined;
  readonly stderr: string;
  readonly durationMs: number;

  constructor(argv: readonly string[], { how, exitCode, stderr = '', durationMs, cause }: Failure) {
    const words = stderr.trim();
    super(`${argv.join(' ')}: ${how}${words === '' ? '' : `: ${words}`}`, { cause });
    this.argv = argv;
    this.exitCode = exitCode;
    this.stderr = words;
    this.durationMs = durationMs;
  }
}

/**
 * Runs a program without a shell and gives its standard output.
 * @throws CommandError with argv, exit code and standard error.
 */
export async function run(argv: readonly string[], options: RunOptions = {}): Promise<string> {
  const { input, timeoutMs = 30_000, netns, manyWrites = false } = options;
  const whole = netns === undefined ? argv : ['nsenter', `--net=${netns}`, ...argv];
  const [file, ...args] = whole;
  if (file === undefined) throw new TypeError('run needs a program');
  const begun = performance.now();
  const failed = (failure: Omit<Failure, 'durationMs'>) =>
    new CommandError(whole, { ...failure, durationMs: performance.now() - begun });
  // Messages are matched in English.
  const collected = manyWrites ? await namelessFile() : null;
  const env = { ...process.env, LC_ALL: 'C' };
  const child = spawn(file, args, { stdio: ['pipe', collected?.fd ?? 'pipe', 'pipe'], env });
  const output = Promise.all([child.stdout, child.stderr].map((stream) => (stream === null ? '' : text(stream))));
  const ended = once(child, 'close');
  // Whoever doesn't read his input may do so; that he ended, his exit code says.
  child.stdin?.on('error', () => undefined).end(input);
  let isTooLate = false;
  const timer = setTimeout(() => {
    isTooLate = true;
    child.kill('SIGKILL');
    // Whatever it started may hold its output open.
    child.stdout?.destroy();
    child.stderr?.destroy();
  }, timeoutMs);
  try {
    const [[stdout = '', stderr = '']] = await Promise.all([output, ended]);
    if (child.exitCode === 0) return collected === null ? stdout : await contentOf(collected);
    if (child.exitCode === null) throw failed({ how: `was killed by ${child.signalCode}`, stderr });
    throw failed({ how: `exit code ${child.exitCode}`, exitCode: child.exitCode, stderr });
  } catch (error) {
    if (isTooLate) throw failed({ how: `did not end within ${timeoutMs} ms` });
    if (error instanceof CommandError) throw error;
    throw failed({ how: error instanceof Error ? error.message : String(error), cause: error });
  } finally {
    clearTimeout(timer);
    await collected?.close();
  }
}

/** It is gone when it is closed. */
async function namelessFile(): Promise<FileHandle> {
  const path = join(tmpdir(), `firebreak-${randomUUID()}`);
  const file = await open(path, 'wx+', 0o600);
  await unlink(path);
  return file;
}

/** From its beginning, wherever another process has stopped writing. */
async function contentOf(file: FileHandle): Promise<string> {
  const { size } = await file.stat();
  const { buffer } = await file.read(Buffer.alloc(size), 0, size, 0);
  return buffer.toString();
}
