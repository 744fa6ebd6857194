import { chmod, cp, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { unzipSync } from 'fflate';
import { artifactFile } from '../recipes/checks.ts';
import type { Artifact } from '../recipes/schema.ts';

/** Where a component's artifacts lie on the device. */
export interface ArtifactPaths {
  readonly path: string;
  readonly decompressedPath: string;
}

export function artifactPaths(root: string, name: string, version: string): ArtifactPaths {
  return {
    path: join(root, 'packages', 'artifacts', name, version),
    decompressedPath: join(root, 'packages', 'artifacts-unarchived', name, version),
  };
}

/**
 * Brings a version's artifacts from the local store to their place, unless they are there: as a whole, or not at all.
 * @param store A/NAME/VERSION of `greengrass-cli deployment create --artifactDir A`
 * @throws Error if one isn't there
 */
export async function placeArtifacts(
  artifacts: readonly Artifact[],
  store: string,
  paths: ArtifactPaths,
): Promise<void> {
  for (const directory of [paths.path, paths.decompressedPath])
    await rm(`${directory}.new`, { recursive: true, force: true });
  await mkdir(`${paths.path}.new`, { recursive: true });
  await mkdir(`${paths.decompressedPath}.new`, { recursive: true });
  for (const artifact of artifacts) {
    const file = artifactFile(artifact);
    const target = join(`${paths.path}.new`, file);
    await cp(join(store, file), target);
    const mode = modeOf(artifact);
    await chmod(target, mode);
    if (artifact.Unarchive === 'ZIP') {
      await unzip(target, join(`${paths.decompressedPath}.new`, basename(file, '.zip')), mode);
    }
  }
  for (const directory of [paths.path, paths.decompressedPath]) {
    await rm(directory, { recursive: true, force: true });
    await rename(`${directory}.new`, directory);
  }
}

/** Removes what belongs to no version that is deployed. */
export async function pruneArtifacts(
  root: string,
  isDeployed: (name: string, version: string) => boolean,
): Promise<void> {
  for (const place of ['artifacts', 'artifacts-unarchived']) {
    const directory = join(root, 'packages', place);
    for (const name of await readdir(directory).catch(() => [])) {
      for (const version of await readdir(join(directory, name))) {
        if (!isDeployed(name, version)) await rm(join(directory, name, version), { recursive: true, force: true });
      }
    }
  }
}

/** As Permission says, which the nucleus gives to each file of an archive, whatever the archive says. */
function modeOf({ Permission: { Read = 'OWNER', Execute = 'NONE' } = {} }: Artifact): number {
  const bits = { NONE: 0, OWNER: 0o100, ALL: 0o111 };
  return 0o200 | (bits[Read] << 2) | bits[Execute];
}

/** One file after the other, so that no more than one is in memory. */
async function unzip(archive: string, target: string, mode: number): Promise<void> {
  const bytes = await readFile(archive);
  const names: string[] = [];
  unzipSync(bytes, { filter: ({ name }) => names.push(name) < 0 });
  await mkdir(target, { recursive: true });
  for (const name of names) {
    const path = join(target, name);
    if (relative(target, path).startsWith('..')) throw new Error(`${archive}: ${name} would lie outside`);
    if (name.endsWith('/')) {
      await mkdir(path, { recursive: true });
      continue;
    }
    await mkdir(dirname(path), { recursive: true });
    const content = unzipSync(bytes, { filter: (file) => file.name === name })[name];
    if (content !== undefined) await writeFile(path, content, { mode });
  }
}
