import type { Platform } from './platforms.ts';

/** From where is built. */
export interface Place {
  /** The project's directory, with its node_modules. */
  readonly root: string;
  /** Downloads, and what is made of them. */
  readonly cacheDirectory: string;
}

/** A Greengrass component: a folder with a recipe.yaml, and how its artifacts are made. */
export interface Component {
  /** From the project's root. */
  readonly directory: string;
  /** Content of each artifact, by file name. */
  artifacts(platforms: readonly Platform[], place: Place): Promise<ReadonlyMap<string, Uint8Array>>;
}
