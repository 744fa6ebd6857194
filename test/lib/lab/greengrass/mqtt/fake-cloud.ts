import { matchesTopic } from '../../../../../lib/lab/greengrass/ipc/topics.ts';
import type { CloudConnection, CloudMessage } from '../../../../../lib/lab/greengrass/mqtt/cloud-connection.ts';

/** A broker in memory: what is published comes back to who subscribed, and `receive` hears all of it. */
export class FakeCloud implements CloudConnection {
  isConnected = true;
  readonly published: CloudMessage[] = [];
  readonly subscribed: string[] = [];
  receive: (message: CloudMessage) => void = () => undefined;
  readonly #subscriptions = new Set<{ filter: string; deliver: (message: CloudMessage) => void }>();
  readonly #listeners = new Set<() => void>();

  async publish(message: CloudMessage): Promise<void> {
    if (!this.isConnected) throw new Error('offline');
    this.published.push(message);
    this.receive(message);
    this.deliver(message);
  }

  async subscribe(filter: string, _qos: 0 | 1, deliver: (message: CloudMessage) => void): Promise<() => void> {
    const subscription = { filter, deliver };
    this.#subscriptions.add(subscription);
    this.subscribed.push(filter);
    return () => {
      this.#subscriptions.delete(subscription);
      this.subscribed.splice(this.subscribed.indexOf(filter), 1);
    };
  }

  onConnected(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** From the cloud to the device; lost while there is no connection. */
  deliver(message: CloudMessage): void {
    if (!this.isConnected) return;
    for (const { filter, deliver } of [...this.#subscriptions])
      if (matchesTopic(filter, message.topic)) deliver(message);
  }

  reconnect(): void {
    this.isConnected = true;
    for (const listener of [...this.#listeners]) listener();
  }
}
