import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeDurably } from '../../../../components/host/files.ts';
import type { JsonObject } from '../../shadow/json.ts';
import type { ShadowName } from '../../shadow/names.ts';
import type { Shadow } from '../../shadow/shadow.ts';

/** Desired and reported, as an update writes them. */
export interface State {
  readonly desired?: JsonObject;
  readonly reported?: JsonObject;
}

/** What was the same here and in the cloud when they were last in step. */
export interface Synced {
  readonly localVersion: number;
  readonly cloudVersion: number;
  readonly state: State;
}

/** What is remembered of a shadow; it changes as a whole, also through a power cut. */
export interface Entry {
  readonly shadow?: Shadow;
  readonly synced?: Synced;
}

/** The shadows of the device, each in a file of its own that is swapped whole. */
export class ShadowStore {
  readonly #directory: string;
  readonly #entries = new Map<string, { readonly name: ShadowName; readonly entry: Entry }>();

  /** @throws Error if a file was changed by somebody else and can't be read */
  constructor(directory: string) {
    this.#directory = directory;
    mkdirSync(directory, { recursive: true });
    for (const file of readdirSync(directory)) {
      // What a power cut left of a write that was not finished.
      if (!file.endsWith('.json')) continue;
      const { name, entry } = JSON.parse(readFileSync(join(directory, file), 'utf8'));
      this.#entries.set(keyOf(name), { name, entry });
    }
  }

  get(name: ShadowName): Entry {
    return this.#entries.get(keyOf(name))?.entry ?? {};
  }

  /** Of the whole device. */
  names(): ShadowName[] {
    return [...this.#entries.values()].map(({ name }) => name);
  }

  /** Fulfilled when it is on disk. Whoever writes the same shadow has to wait for that. */
  async set(name: ShadowName, entry: Entry): Promise<void> {
    const key = keyOf(name);
    const path = join(this.#directory, `${key}.json`);
    if (entry.shadow === undefined && entry.synced === undefined) await rm(path, { force: true });
    else await writeDurably(path, JSON.stringify({ name, entry }));
    this.#entries.set(key, { name, entry });
  }
}

/** Names are of letters, digits, colons, hyphens and underscores. */
export function keyOf({ thing, shadow }: ShadowName): string {
  return shadow === null ? thing : `${thing}@${shadow}`;
}
