import { randomUUID } from 'node:crypto';

/** What a component answers to the announcement of an update. */
export interface Deferral {
  readonly component: string;
  /** Milliseconds after which to ask again; 0: it may go on. */
  readonly recheckAfterMs: number;
}

type Event =
  | { readonly preUpdateEvent: { readonly deploymentId: string; readonly isGgcRestarting: boolean } }
  | { readonly postUpdateEvent: { readonly deploymentId: string } };

/** Announces updates to the components that want to know, and waits for their word (NOTIFY_COMPONENTS). */
export class UpdatePolicy {
  readonly #listeners = new Map<string, { readonly component: string; hear(event: Event): void }>();
  readonly #awaited = new Map<string, (deferral: Deferral) => void>();

  /** @returns what ends it */
  listen(component: string, hear: (event: Event) => void): () => void {
    const id = randomUUID();
    this.#listeners.set(id, { component, hear });
    return () => {
      this.#listeners.delete(id);
      // Who hangs up no longer minds.
      if (!this.isListening(component)) this.#awaited.get(component)?.({ component, recheckAfterMs: 0 });
    };
  }

  isListening(component: string): boolean {
    return [...this.#listeners.values()].some((listener) => listener.component === component);
  }

  /** @returns whether somebody was waiting for it */
  defer(deferral: Deferral): boolean {
    const answer = this.#awaited.get(deferral.component);
    answer?.(deferral);
    return answer !== undefined;
  }

  /** Announces an update and gives the answers; who doesn't answer within the time (ms) agrees. */
  async announce(deploymentId: string, timeoutMs: number): Promise<Deferral[]> {
    const components = new Set([...this.#listeners.values()].map(({ component }) => component));
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, timeoutMs);
    });
    const answers: Deferral[] = [];
    const awaited = [...components].map(
      (component) =>
        new Promise<void>((resolve) => {
          this.#awaited.set(component, (deferral) => {
            this.#awaited.delete(component);
            answers.push(deferral);
            resolve();
          });
        }),
    );
    this.#tell({ preUpdateEvent: { deploymentId, isGgcRestarting: false } });
    await Promise.race([Promise.all(awaited), timeout]);
    clearTimeout(timer);
    this.#awaited.clear();
    return answers;
  }

  finished(deploymentId: string): void {
    this.#tell({ postUpdateEvent: { deploymentId } });
  }

  #tell(event: Event): void {
    for (const { hear } of [...this.#listeners.values()]) hear(event);
  }
}
