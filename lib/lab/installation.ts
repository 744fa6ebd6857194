import { createHash } from 'node:crypto';
import { execa } from 'execa';
import type { Machine } from './machine/machine.ts';

/** Firebreak as it lies on the truck: the bundle and its native addons, and a `firebreak` on the PATH. */
export interface Installation {
  readonly bin: string;
}

/**
 * Copies the built command line into the machine, under a name that follows its content: what a VM sees of the machine's files
 * may be stale, so a build is never overwritten there.
 * @param build directory that `npm run build` made.
 * @param directory where installations lie in the machine.
 */
export async function installFirebreak(machine: Machine, build: string, directory: string): Promise<Installation> {
  const { stdout: archive } = await execa(
    'tar',
    ['--sort=name', '--mtime=@0', '--owner=0', '--group=0', '--numeric-owner', '-C', build, '-c', '.'],
    {
      encoding: 'buffer',
      maxBuffer: 256 * 1024 * 1024,
    },
  );
  const name = createHash('sha256').update(archive).digest('hex').slice(0, 12);
  const target = `${directory}/${name}`;
  const bin = `${target}/bin`;
  const { exitCode } = await machine.run(['test', '-x', `${bin}/firebreak`], { check: false });
  if (exitCode === 0) return { bin };
  const unpack =
    'mkdir -p "$1/bin" && base64 -d | tar -x -C "$1" && printf \'#!/bin/sh\\nexec "%s" "%s/firebreak.cjs" "$@"\\n\' "$2" "$1" > "$1/bin/firebreak" && chmod +x "$1/bin/firebreak"';
  await machine.run(['sh', '-c', unpack, 'unpack', target, process.execPath], {
    input: Buffer.from(archive).toString('base64'),
  });
  return { bin };
}
