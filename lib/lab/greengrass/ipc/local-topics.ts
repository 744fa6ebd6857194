import { IpcError } from './error.ts';
import { isFilter, matchesTopic } from './topics.ts';

/** What is published between components: a JSON object, or bytes. */
export type LocalMessage = { readonly json: Readonly<Record<string, unknown>> } | { readonly binary: Buffer };

export type ReceiveMode = 'RECEIVE_ALL_MESSAGES' | 'RECEIVE_MESSAGES_FROM_OTHERS';

interface Listener {
  readonly filter: string;
  readonly component: string;
  readonly mode: ReceiveMode;
  deliver(topic: string, message: LocalMessage): void;
}

/** Local publish and subscribe (aws.greengrass.ipc.pubsub): it never leaves the device. */
export class LocalTopics {
  readonly #listeners = new Set<Listener>();

  /** @param from the component, or a part of the nucleus, that publishes */
  publish(topic: string, message: LocalMessage, from: string): void {
    if (topic.includes('*') || isFilter(topic)) {
      throw new IpcError('InvalidArgumentsError', 'Publish topic must not contain a wildcard.');
    }
    for (const { filter, component, mode, deliver } of this.#listeners) {
      if (!matchesTopic(filter, topic)) continue;
      if (component === from && mode === 'RECEIVE_MESSAGES_FROM_OTHERS') continue;
      deliver(topic, message);
    }
  }

  /**
   * @param mode without it, one's own messages come back from a plain topic but not from one with wildcards
   * @returns what ends it
   */
  subscribe(
    filter: string,
    component: string,
    deliver: (topic: string, message: LocalMessage) => void,
    mode: ReceiveMode = isFilter(filter) ? 'RECEIVE_MESSAGES_FROM_OTHERS' : 'RECEIVE_ALL_MESSAGES',
  ): () => void {
    if (filter === '') throw new IpcError('InvalidArgumentsError', 'Subscribe topic must not be empty');
    const listener = { filter, component, mode, deliver };
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
