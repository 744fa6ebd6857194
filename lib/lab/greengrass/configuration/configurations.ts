import { changedPaths, type Tree } from './tree.ts';

type Listener = (path: readonly string[]) => void;

/** The configurations of all components, and who wants to hear of changes. */
export class Configurations {
  readonly #trees = new Map<string, Tree>();
  readonly #listeners = new Map<string, Set<Listener>>();
  readonly #save: () => Promise<void>;

  /** @param save keeps all durably; it is called after a change by a component itself. */
  constructor(save: () => Promise<void> = async () => undefined) {
    this.#save = save;
  }

  get(component: string): Tree | undefined {
    return this.#trees.get(component);
  }

  /** Tells whoever listens which leaves changed. */
  set(component: string, tree: Tree): void {
    const before = this.#trees.get(component);
    this.#trees.set(component, tree);
    if (before === undefined) return;
    for (const path of changedPaths(before, tree)) {
      for (const listener of [...(this.#listeners.get(component) ?? [])]) listener(path);
    }
  }

  /** As `set`; fulfilled when the change survives a power cut. */
  async update(component: string, tree: Tree): Promise<void> {
    this.set(component, tree);
    await this.#save();
  }

  remove(component: string): void {
    this.#trees.delete(component);
  }

  entries(): [string, Tree][] {
    return [...this.#trees];
  }

  /** @returns what ends it */
  listen(component: string, listener: Listener): () => void {
    const listeners = this.#listeners.get(component) ?? new Set();
    this.#listeners.set(component, listeners.add(listener));
    return () => listeners.delete(listener);
  }
}
