import { errors, type ShadowError } from '../../shadow/errors.ts';
import { checkNames, type ShadowName } from '../../shadow/names.ts';
import {
  type Answer,
  DEFAULT_LIMITS,
  deleteShadow,
  exists,
  getShadow,
  type Limits,
  reject,
  updateShadow,
} from '../../shadow/shadow.ts';
import { messages, type Operation } from '../../shadow/topics.ts';
import type { LocalTopics } from '../ipc/local-topics.ts';
import { OneAtATime } from './one-at-a-time.ts';
import { Rate } from './rate.ts';
import { keyOf, type ShadowStore } from './store.ts';

export const SHADOW_MANAGER = 'aws.greengrass.ShadowManager';

/** `rateLimits` of ShadowManager's configuration, by default. */
const PER_SECOND = { thing: 20, all: 200 };

/** Who asks: a component, which is limited, or the synchronisation with the cloud. */
export type Asker = 'component' | 'synchronisation';

/** The device's own shadow service: the semantics of lib/lab/shadow, kept on disk, told on local topics. */
export class ShadowManager {
  readonly store: ShadowStore;
  /** From the configuration (`shadowDocumentSizeLimitBytes`). */
  limits: Limits = DEFAULT_LIMITS;
  /** Called after each change by a component. */
  changed: (name: ShadowName) => void = () => undefined;
  readonly #topics: LocalTopics;
  readonly #now: () => number;
  readonly #order = new OneAtATime();
  readonly #rates = new Map<string, Rate>();
  readonly #rate: Rate;

  /** @param now milliseconds since 1970 */
  constructor(store: ShadowStore, topics: LocalTopics, now: () => number = Date.now) {
    this.store = store;
    this.#topics = topics;
    this.#now = now;
    this.#rate = new Rate(PER_SECOND.all, now);
  }

  get(name: ShadowName): Promise<Answer> {
    return this.#perform(name, 'get', Buffer.alloc(0), 'component');
  }

  update(name: ShadowName, payload: Uint8Array, by: Asker = 'component'): Promise<Answer> {
    return this.#perform(name, 'update', payload, by);
  }

  delete(name: ShadowName, by: Asker = 'component'): Promise<Answer> {
    return this.#perform(name, 'delete', Buffer.alloc(0), by);
  }

  /** Names of a thing's named shadows, in order. */
  list(thing: string): string[] {
    return this.store
      .names()
      .filter((name) => name.thing === thing && exists(this.store.get(name).shadow))
      .flatMap(({ shadow }) => shadow ?? [])
      .sort();
  }

  /** Rejects a request without a look at the shadow, and tells it, as ShadowManager does when somebody may not ask. */
  refuse(name: ShadowName, operation: Operation, error: ShadowError): Answer {
    const answer = reject(error, this.#seconds());
    this.#tell(name, operation, answer);
    return answer;
  }

  /** Nothing else is done with this shadow meanwhile. Its own requests would wait for themselves. */
  alone<T>(name: ShadowName, work: () => Promise<T>): Promise<T> {
    return this.#order.do(keyOf(name), work);
  }

  async #perform(name: ShadowName, operation: Operation, payload: Uint8Array, by: Asker): Promise<Answer> {
    const error =
      checkNames(name) ?? (by === 'component' && !this.#mayAsk(name.thing) ? errors.tooManyRequests : undefined);
    if (error !== undefined) return this.refuse(name, operation, error);
    return await this.alone(name, async () => {
      const entry = this.store.get(name);
      const answer = this.#answer(name, operation, payload);
      if (answer.accepted && operation !== 'get') {
        await this.store.set(name, { ...entry, shadow: answer.shadow });
        if (by === 'component') this.changed(name);
      }
      this.#tell(name, operation, answer);
      return answer;
    });
  }

  #answer(name: ShadowName, operation: Operation, payload: Uint8Array): Answer {
    const { shadow } = this.store.get(name);
    const at = this.#seconds();
    switch (operation) {
      case 'get':
        return getShadow(shadow, name.shadow, payload, at);
      case 'update':
        return updateShadow(shadow, payload, at, this.limits);
      case 'delete':
        return deleteShadow(shadow, name.shadow, payload, at);
    }
  }

  /** The delta first, the answer last. */
  #tell(name: ShadowName, operation: Operation, answer: Answer): void {
    const [outcome, ...others] = messages(name, operation, answer);
    for (const { topic, payload } of [...others, ...(outcome === undefined ? [] : [outcome])]) {
      this.#topics.publish(topic, { binary: Buffer.from(JSON.stringify(payload)) }, SHADOW_MANAGER);
    }
  }

  #mayAsk(thing: string): boolean {
    const rate = this.#rates.get(thing) ?? new Rate(PER_SECOND.thing, this.#now);
    this.#rates.set(thing, rate);
    return rate.take() && this.#rate.take();
  }

  #seconds(): number {
    return Math.floor(this.#now() / 1000);
  }
}
