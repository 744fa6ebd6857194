import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Place } from './component.ts';
import { COMPONENTS } from './components.ts';
import { digest } from './digest.ts';
import { PLATFORMS, type Platform } from './platforms.ts';
import { fillRecipe } from './recipe.ts';

/** What `components.json` in the output says of each component, those that others depend on first. */
export interface BuiltComponent {
  readonly name: string;
  readonly version: string;
  /** Paths from the output directory. */
  readonly recipe: string;
  readonly artifacts: readonly {
    readonly path: string;
    readonly bytes: number;
    /** Hexadecimal. */
    readonly sha256: string;
  }[];
}

/**
 * Builds all components into `recipes/NAME-VERSION.yaml` and `artifacts/NAME/VERSION/FILE`, which is what
 * `greengrass-cli deployment create --recipeDir … --artifactDir …` takes, and a bucket with `artifacts/` as its top.
 * @param out is replaced as a whole when everything is built
 * @param platforms recipes of components that differ between platforms name only these
 */
export async function buildComponents(
  out: string,
  place: Place,
  platforms: readonly Platform[] = PLATFORMS,
): Promise<readonly BuiltComponent[]> {
  const making = `${out}.making.${process.pid}`;
  const versions = new Map<string, string>();
  const built: BuiltComponent[] = [];
  const write = async (path: string, content: Uint8Array | string) => {
    await mkdir(join(making, path, '..'), { recursive: true });
    await writeFile(join(making, path), content);
  };
  try {
    for (const component of COMPONENTS) {
      const artifacts = await component.artifacts(platforms, place);
      const template = await readFile(join(place.root, component.directory, 'recipe.yaml'), 'utf8');
      const architectures = platforms.map(({ greengrass }) => greengrass);
      const { name, version, text } = fillRecipe(template, { artifacts, versions, architectures });
      versions.set(name, version);
      const recipe = `recipes/${name}-${version}.yaml`;
      await write(recipe, text);
      const listed = [];
      for (const [file, content] of artifacts) {
        const path = `artifacts/${name}/${version}/${file}`;
        await write(path, content);
        listed.push({ path, bytes: content.byteLength, sha256: digest(content, 'hex') });
      }
      built.push({ name, version, recipe, artifacts: listed });
    }
    await write('components.json', `${JSON.stringify(built, null, 2)}\n`);
    await rm(out, { recursive: true, force: true });
    await rename(making, out);
    return built;
  } finally {
    await rm(making, { recursive: true, force: true });
  }
}
