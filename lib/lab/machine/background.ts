import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { readIfExists } from '../../../components/host/files.ts';
import { identify, type ProcessIdentity } from './process-identity.ts';

/** A process that outlives this one. */
export interface Background {
  readonly identity: ProcessIdentity;
  /** Fulfilled with how it ended, if it ends while this process is here. */
  readonly ended: Promise<string>;
}

/** Starts a program in a session of its own; its output goes to a file. @throws Error when it can't be started. */
export async function startInBackground(argv: readonly string[], log: string): Promise<Background> {
  const [file, ...args] = argv;
  if (file === undefined) throw new TypeError('a command needs a program');
  const output = openSync(log, 'a', 0o600);
  try {
    const child = spawn(file, args, {
      cwd: '/',
      detached: true,
      stdio: ['ignore', output, output],
      env: { ...process.env, LC_ALL: 'C.UTF-8' },
    });
    await new Promise((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', (cause) => reject(new Error(`${file} could not be started: ${cause.message}`, { cause })));
    });
    child.unref();
    const ended = new Promise<string>((resolve) => {
      child.once('exit', (code, signal) => resolve(signal === null ? `exit code ${code}` : `signal ${signal}`));
    });
    const identity = child.pid === undefined ? undefined : await identify(child.pid);
    if (identity === undefined) {
      throw new Error(`${argv.join(' ')} ended at once: ${(await readIfExists(log)) ?? ''}`.trim());
    }
    return { identity, ended };
  } finally {
    closeSync(output);
  }
}
