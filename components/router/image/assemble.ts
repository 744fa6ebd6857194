import { cp, mkdir, readdir, readFile, realpath, symlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { elfNeeds } from './elf.ts';

/** What an image's root holds. */
export interface Contents {
  /** Paths of programs, as the packages have them, e.g. /usr/sbin/nft. */
  readonly programs: readonly string[];
  /** busybox's applets that get a name of their own in /bin. */
  readonly applets: readonly string[];
  /** Copied over everything else. */
  readonly overlayDirectory?: string;
}

/**
 * Puts a root file system together: the programs, every library and dynamic linker they need, busybox's applets, the overlay.
 * @param packages directory with the packages unpacked
 * @param root an empty directory
 * @throws Error about a program or library that no package holds.
 */
export async function assemble(packages: string, root: string, contents: Contents): Promise<void> {
  const libraries = await findLibraries(packages);
  const pending: { readonly from: string; readonly to: string }[] = [];
  const copied = new Set<string>();
  for (const program of contents.programs) pending.push({ from: join(packages, program), to: program });
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { from, to } = next;
    if (copied.has(to)) continue;
    copied.add(to);
    const file = await readProgram(packages, from, to);
    await mkdir(join(root, dirname(to)), { recursive: true });
    await writeFile(join(root, to), file, { mode: 0o755 });
    const needs = elfNeeds(file);
    const add = (name: string, place: string) => {
      const library = libraries.get(name);
      if (library === undefined) throw new Error(`${to} needs ${name}, which no package of the image holds`);
      pending.push({ from: join(packages, library), to: place });
    };
    if (needs?.interpreter !== undefined) add(basename(needs.interpreter), needs.interpreter);
    for (const name of needs?.libraries ?? []) {
      // Below /lib whichever way the package spells it: the dynamic linker looks there.
      add(name, (libraries.get(name) ?? name).replace(/^\/usr\/lib\//, '/lib/'));
    }
  }
  await mkdir(join(root, 'bin'), { recursive: true });
  for (const applet of contents.applets) await symlink('busybox', join(root, 'bin', applet));
  for (const directory of ['dev', 'etc', 'proc', 'run', 'sys', 'tmp']) {
    await mkdir(join(root, directory), { recursive: true });
  }
  if (contents.overlayDirectory !== undefined) await cp(contents.overlayDirectory, root, { recursive: true });
}

async function readProgram(packages: string, from: string, to: string): Promise<Buffer> {
  const file = await realpath(from).catch(() => undefined);
  // An absolute symbolic link would lead to this machine's own file.
  if (file?.startsWith(`${await realpath(packages)}/`) !== true) throw new Error(`no package of the image holds ${to}`);
  return await readFile(file);
}

/** Where each library lies in the packages, by its name: lib/TRIPLET or usr/lib/TRIPLET. */
async function findLibraries(packages: string): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  for (const entry of await readdir(packages, { recursive: true, withFileTypes: true })) {
    if (!entry.isDirectory() && /\.so(\.|$)/.test(entry.name)) {
      found.set(entry.name, `${entry.parentPath.slice(packages.length)}/${entry.name}`);
    }
  }
  return found;
}
