import { errors } from '../shadow/errors.ts';
import type { JsonObject } from '../shadow/json.ts';
import { checkNames, type ShadowName } from '../shadow/names.ts';
import { type Answer, deleteShadow, getShadow, reject, updateShadow } from '../shadow/shadow.ts';
import { messages, type Operation } from '../shadow/topics.ts';
import type { CloudConfiguration } from './configuration.ts';
import { RateLimit } from './rate.ts';
import type { ShadowStore } from './store.ts';

interface Surroundings {
  readonly store: ShadowStore;
  readonly limits: CloudConfiguration['limits'];
  readonly publish: (topic: string, payload: JsonObject) => void;
  /** Seconds since 1970. */
  readonly now: () => number;
}

/** Answers a thing's requests one after the other, those of different things side by side; what it accepts is on disk before anybody hears of it. */
export class ShadowService {
  readonly #surroundings: Surroundings;
  readonly #rate: RateLimit | null;
  /** Of each thing that has requests in work: when the last of them is answered. */
  readonly #last = new Map<string, Promise<unknown>>();

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
    const { requestsPerSecond } = surroundings.limits;
    this.#rate = requestsPerSecond === undefined ? null : new RateLimit(requestsPerSecond);
  }

  /**
   * The answer, after it was published. What comes by REST and is rejected is told to nobody else (developer guide, "Device Shadow
   * error messages").
   */
  request(name: ShadowName, operation: Operation, payload: Uint8Array, by: 'mqtt' | 'rest'): Promise<Answer> {
    const { thing } = name;
    const answered = (this.#last.get(thing) ?? Promise.resolve()).then(async () => {
      const answer = await this.#answer(name, operation, payload);
      if (answer.accepted || by === 'mqtt') {
        for (const message of messages(name, operation, answer)) {
          this.#surroundings.publish(message.topic, message.payload);
        }
      }
      return answer;
    });
    const ended = answered
      .catch(() => undefined)
      .then(() => {
        if (this.#last.get(thing) === ended) this.#last.delete(thing);
      });
    this.#last.set(thing, ended);
    return answered;
  }

  async #answer(name: ShadowName, operation: Operation, payload: Uint8Array): Promise<Answer> {
    const { store, limits, now } = this.#surroundings;
    const at = Math.floor(now());
    const wrong = checkNames(name);
    if (wrong !== undefined) return reject(wrong, at);
    if (this.#rate?.admits(name.thing, at) === false) return reject(errors.tooManyRequests, at);
    const before = store.get(name);
    const answer = answerTo(operation, { before, name, payload, at, size: limits.shadowSize });
    if (!answer.accepted || answer.shadow === before) return answer;
    try {
      await store.put(name, answer.shadow);
      return answer;
    } catch (error) {
      console.error(`the shadow ${name.shadow ?? ''} of ${name.thing} could not be written:`, error);
      return reject(errors.internal, at);
    }
  }
}

interface Request {
  readonly before: Parameters<typeof getShadow>[0];
  readonly name: ShadowName;
  readonly payload: Uint8Array;
  readonly at: number;
  readonly size: number;
}

function answerTo(operation: Operation, { before, name, payload, at, size }: Request): Answer {
  switch (operation) {
    case 'get':
      return getShadow(before, name.shadow, payload, at);
    case 'update':
      return updateShadow(before, payload, at, { size });
    case 'delete':
      return deleteShadow(before, name.shadow, payload, at);
  }
}
