import { mkdir, readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { writeDurably } from '../../../components/host/files.ts';
import type { ShadowName } from '../shadow/names.ts';
import { exists, type Shadow } from '../shadow/shadow.ts';

/**
 * All shadows, one file each, laid out as their topics are: THING/shadow.json, THING/name/SHADOW.json. What was put is on disk before
 * `put` is done.
 */
export class ShadowStore {
  readonly #directory: string;
  readonly #shadows: Map<string, Shadow>;

  private constructor(directory: string, shadows: Map<string, Shadow>) {
    this.#directory = directory;
    this.#shadows = shadows;
  }

  /** @throws Error that names the file which is none of ours. */
  static async open(directory: string): Promise<ShadowStore> {
    await mkdir(directory, { recursive: true });
    const files = (await readdir(directory, { recursive: true })).filter((file) => file.endsWith('.json'));
    const shadows = await Promise.all(
      files.map(async (file) => [file, await readShadow(join(directory, file))] as const),
    );
    return new ShadowStore(directory, new Map(shadows));
  }

  get(name: ShadowName): Shadow | undefined {
    return this.#shadows.get(fileOf(name));
  }

  async put(name: ShadowName, shadow: Shadow): Promise<void> {
    const file = fileOf(name);
    const path = join(this.#directory, file);
    await mkdir(dirname(path), { recursive: true });
    await writeDurably(path, JSON.stringify(shadow));
    this.#shadows.set(file, shadow);
  }

  /** Names of a thing's named shadows that exist, in order. */
  namedShadows(thing: string): readonly string[] {
    const prefix = join(thing, 'name', '/');
    return [...this.#shadows]
      .filter(([file, shadow]) => file.startsWith(prefix) && exists(shadow))
      .map(([file]) => file.slice(prefix.length, -'.json'.length))
      .sort();
  }
}

/** Names of things and shadows hold nothing that means something in a path. */
function fileOf({ thing, shadow }: ShadowName): string {
  return shadow === null ? join(thing, 'shadow.json') : join(thing, 'name', `${shadow}.json`);
}

async function readShadow(path: string): Promise<Shadow> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Shadow;
  } catch (cause) {
    throw new Error(`${path} is no shadow: ${cause instanceof Error ? cause.message : cause}`, { cause });
  }
}
