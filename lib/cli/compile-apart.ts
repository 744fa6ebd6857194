import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import type { TruckNetwork } from '../truck/network.ts';
import { EXIT, ExitError } from './exit.ts';
import type { TruckOptions } from './truck-options.ts';

/**
 * What a policy file means on this very truck, found out by another process (`firebreak policy compile`): what reading a policy takes in
 * memory, some 15 MB, goes with that, instead of staying in one that runs for months.
 * @throws ExitError as `compileForTruck` would have thrown it
 */
export async function compileApart(file: string, { routerImage }: TruckOptions): Promise<TruckNetwork> {
  const image = routerImage === undefined ? [] : ['--router-image', routerImage];
  const argv = [...process.execArgv, process.argv[1] ?? '', 'policy', 'compile', '--json', ...image, '--', file];
  const child = spawn(process.execPath, argv, { stdio: ['inherit', 'pipe', 'pipe'] });
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  if (child.exitCode !== 0) throw refusalOf(child.exitCode ?? EXIT.failed, stdout, stderr);
  // Warnings.
  process.stderr.write(stderr);
  return JSON.parse(stdout) as TruckNetwork;
}

/** With --json an error is an object on standard output; what has not even begun says so on standard error. */
function refusalOf(exitCode: number, stdout: string, stderr: string): ExitError {
  if (stdout === '') return new ExitError(exitCode, stderr.trim());
  const { error, ...details } = JSON.parse(stdout) as { readonly error: string };
  return new ExitError(exitCode, error, details);
}
