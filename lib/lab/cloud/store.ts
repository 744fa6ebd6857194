import { mkdir, readdir, readFile } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import { writeDurably } from '../../../components/host/files.ts';
import type { ShadowName } from '../shadow/names.ts';
import { exists, type Shadow } from '../shadow/shadow.ts';

/**
 * All shadows, one file each, laid out as their topics are: THING/shadow.json, THING/name/SHADOW.json. What was put is on disk before
 * `put` is done.
 */
export class ShadowStore {
  readonly #directory: string | null;
  /** By thing, then by name; the classic one has none. */
  readonly #shadows = new Map<string, Map<string | null, Shadow>>();

  private constructor(directory: string | null) {
    this.#directory = directory;
  }

  /** @throws Error that names the file which is none of ours. */
  static async open(directory: string): Promise<ShadowStore> {
    await mkdir(directory, { recursive: true });
    const store = new ShadowStore(directory);
    const files = (await readdir(directory, { recursive: true })).filter((file) => file.endsWith('.json'));
    // One after the other: thousands at once are more files than may be open.
    for (const file of files) store.#remember(nameOf(file), await readShadow(join(directory, file)));
    return store;
  }

  /** One that forgets everything with its process. */
  static inMemory(): ShadowStore {
    return new ShadowStore(null);
  }

  get(name: ShadowName): Shadow | undefined {
    return this.#shadows.get(name.thing)?.get(name.shadow);
  }

  async put(name: ShadowName, shadow: Shadow): Promise<void> {
    if (this.#directory !== null) {
      const path = join(this.#directory, fileOf(name));
      await mkdir(dirname(path), { recursive: true });
      await writeDurably(path, JSON.stringify(shadow));
    }
    this.#remember(name, shadow);
  }

  /** Names of a thing's named shadows that exist, in order. */
  namedShadows(thing: string): readonly string[] {
    return [...this.shadowsOf(thing)]
      .filter(([, shadow]) => exists(shadow))
      .map(([name]) => name)
      .sort();
  }

  /** A thing's named shadows, also those that were deleted. */
  shadowsOf(thing: string): ReadonlyMap<string, Shadow> {
    const named = new Map<string, Shadow>();
    for (const [name, shadow] of this.#shadows.get(thing) ?? []) if (name !== null) named.set(name, shadow);
    return named;
  }

  /** Whoever has or had a shadow. */
  things(): Iterable<string> {
    return this.#shadows.keys();
  }

  #remember({ thing, shadow: name }: ShadowName, shadow: Shadow): void {
    const known = this.#shadows.get(thing) ?? new Map<string | null, Shadow>();
    this.#shadows.set(thing, known.set(name, shadow));
  }
}

/** Names of things and shadows hold nothing that means something in a path. */
function fileOf({ thing, shadow }: ShadowName): string {
  return shadow === null ? join(thing, 'shadow.json') : join(thing, 'name', `${shadow}.json`);
}

function nameOf(file: string): ShadowName {
  const [thing = '', , shadow] = file.split(sep);
  return { thing, shadow: shadow?.slice(0, -'.json'.length) ?? null };
}

async function readShadow(path: string): Promise<Shadow> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Shadow;
  } catch (cause) {
    throw new Error(`${path} is no shadow: ${cause instanceof Error ? cause.message : cause}`, { cause });
  }
}
