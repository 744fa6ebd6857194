import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Machine } from './machine.ts';

/**
 * Puts a bundled program into a machine, under a name that follows from its content: a build is never overwritten there, for what a VM sees of the
 * machine's files may be stale, and an older one may be running.
 * @param file of this machine
 * @param place directory in the machine, and with what the name begins (default: the file's own)
 * @returns its path in the machine
 */
export async function putProgram(
  machine: Machine,
  file: string,
  { directory, prefix = `${basename(file, '.cjs')}-` }: { readonly directory: string; readonly prefix?: string },
): Promise<string> {
  const program = await readFile(file, 'utf8');
  const hash = createHash('sha256').update(program).digest('hex').slice(0, 12);
  const path = join(directory, `${prefix}${hash}.cjs`);
  const { exitCode } = await machine.run(['test', '-f', path], { check: false });
  if (exitCode !== 0) {
    await machine.run(['mkdir', '-p', directory]);
    await machine.run(['sh', '-c', 'cat >"$1.new" && mv "$1.new" "$1"', 'write', path], { input: program });
  }
  return path;
}
