import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import type { Goal } from '../../components/network-manager/checkpoint.ts';
import type { TruckNetwork } from '../truck/network.ts';
import { EXIT, ExitError } from './exit.ts';
import type { TruckOptions } from './truck-options.ts';

/**
 * What a policy document means on this very truck, found out by another process (`firebreak policy compile`): what reading a policy takes
 * in memory, some 15 MB, goes with that, instead of staying in one that runs for months.
 * @throws ExitError as `compileForTruck` would have thrown it
 */
export function compileApart(document: string, options: TruckOptions): Promise<TruckNetwork> {
  return compile('-', options, { input: document });
}

/** A policy file, checked also against the networks that this machine is in. @throws ExitError */
export async function goalApart(file: string, options: TruckOptions): Promise<Goal> {
  const document = file === '-' ? await text(process.stdin) : await readFile(file, 'utf8').catch(() => '');
  const { revision } = await compile(file, options, { input: document, flags: ['--check-host'] });
  return { revision: revision.id, document };
}

async function compile(
  file: string,
  { routerImage }: TruckOptions,
  { input, flags = [] }: { readonly input: string; readonly flags?: readonly string[] },
): Promise<TruckNetwork> {
  const image = routerImage === undefined ? [] : ['--router-image', routerImage];
  const argv = [
    ...process.execArgv,
    process.argv[1] ?? '',
    'policy',
    'compile',
    '--json',
    ...flags,
    ...image,
    '--',
    file,
  ];
  const child = spawn(process.execPath, argv);
  // Refused before it has read everything: then it says why.
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
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
