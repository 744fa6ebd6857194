import { createHash } from 'node:crypto';
import { access, mkdir, readdir, readFile, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fetchPackages, unpack } from '../debian.ts';
import { describeImage, type ImageConfiguration, packLayer, writeArchive } from './archive.ts';
import { assemble, type Contents } from './assemble.ts';

/** An image made of Debian packages, without any image registry. */
export interface ImageRecipe extends Contents, ImageConfiguration {
  readonly name: string;
  /** Debian packages that hold the programs and every library they need; no more than that is taken from them. */
  readonly packages: readonly string[];
  /** Names under which it is known besides NAME:CONTENT. */
  readonly tags?: readonly string[];
}

export interface BuiltImage {
  /** Path of an archive for `docker load`. */
  readonly archive: string;
  /** NAME:CONTENT, the first name in the archive; equal content has an equal name. */
  readonly tag: string;
}

/** Changes when equal recipes are to give other images than before. */
const RECIPE = 1;

/**
 * Builds an image, unless the cache has it: the same for either architecture, and the same bytes for the same packages.
 * @throws CommandError or Error when packages can't be had, or hold not what the recipe names.
 */
export async function buildImage(recipe: ImageRecipe, cacheDirectory: string): Promise<BuiltImage> {
  const { architecture, packages } = recipe;
  const files = (await fetchPackages({ packages, architecture, cacheDirectory })).map(({ file }) => file);
  const content = await contentOf(recipe, files);
  const tag = `${recipe.name}:${content}`;
  const directory = join(cacheDirectory, 'images');
  const archive = join(directory, `${recipe.name}-${architecture}-${content}.tar`);
  if (await exists(archive)) return { archive, tag };
  const making = `${archive}.making.${process.pid}`;
  try {
    const [unpacked, root, layer] = [join(making, 'packages'), join(making, 'root'), join(making, 'layer.tar')];
    for (const part of [unpacked, root]) await mkdir(part, { recursive: true });
    for (const file of files) await unpack(file, unpacked);
    await assemble(unpacked, root, recipe);
    const described = describeImage(await packLayer(root, layer), recipe);
    await writeArchive(archive, { layer, ...described, tags: [tag, ...(recipe.tags ?? [])] });
    return { archive, tag };
  } finally {
    await rm(making, { recursive: true, force: true });
  }
}

/** Follows everything that goes in: the recipe, the packages' versions, the overlay's files. */
async function contentOf(recipe: ImageRecipe, files: readonly string[]): Promise<string> {
  const { overlayDirectory, ...rest } = recipe;
  const hash = createHash('sha256').update(JSON.stringify([RECIPE, rest, files.map((file) => basename(file))]));
  if (overlayDirectory !== undefined) {
    for (const name of (await readdir(overlayDirectory, { recursive: true, withFileTypes: true }))
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .sort()) {
      const executable = ((await stat(name)).mode & 0o100) !== 0;
      hash.update(JSON.stringify([name.slice(overlayDirectory.length), executable])).update(await readFile(name));
    }
  }
  return hash.digest('hex').slice(0, 12);
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
