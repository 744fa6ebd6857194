import { type ChildProcessWithoutNullStreams, execFileSync, spawn } from 'node:child_process';
import { join } from 'node:path';

const ROOT = join(__dirname, '../..');
/** Where a bundle finds the native addons that can't be in it. */
export const NATIVE = {
  NODE_PATH: join(ROOT, 'node_modules'),
  AWS_CRT_NODEJS_BINARY_ABSOLUTE_PATH: join(
    ROOT,
    `node_modules/aws-crt/dist/bin/linux-${process.arch}-glibc/aws-crt-nodejs.node`,
  ),
};

/** Makes a program of a module's text, which imports by paths from the project's root: for tests that need another real process. */
export function bundle(entry: string, file: string): void {
  execFileSync(
    join(ROOT, 'node_modules/.bin/esbuild'),
    ['--bundle', '--platform=node', '--external:koffi', '--log-level=warning', `--outfile=${file}`],
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
    env: { ...process.env, ...NATIVE, ...environment },
  });
}
