import { type ChildProcessWithoutNullStreams, execFileSync, spawn } from 'node:child_process';
import { join } from 'node:path';

/** They load a library that lies beside them. */
const NATIVE = ['koffi', 'aws-crt', 'aws-iot-device-sdk-v2'];
const ROOT = join(__dirname, '../..');

/** Makes a program of a module's text, which imports by paths from the project's root: for tests that need another real process. */
export function bundle(entry: string, file: string): void {
  execFileSync(
    join(ROOT, 'node_modules/.bin/esbuild'),
    [
      '--bundle',
      '--platform=node',
      ...NATIVE.map((name) => `--external:${name}`),
      '--log-level=warning',
      `--outfile=${file}`,
    ],
    { cwd: ROOT, input: entry },
  );
}

/** Starts such a program. */
export function start(
  file: string,
  args: readonly string[] = [],
  environment: NodeJS.ProcessEnv = {},
): ChildProcessWithoutNullStreams {
  return spawn(process.execPath, [file, ...args], {
    env: { ...process.env, NODE_PATH: join(ROOT, 'node_modules'), ...environment },
  });
}
