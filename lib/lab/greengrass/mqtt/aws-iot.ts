import { readFileSync } from 'node:fs';
import { connect, type IClientOptions, type MqttClient } from 'mqtt';
import { matchesTopic } from '../ipc/topics.ts';
import type { CloudConnection, CloudMessage } from './cloud-connection.ts';

export interface AwsIotOptions {
  /** Host of the endpoint; it has to be the certificate's. */
  readonly endpoint: string;
  readonly port: number;
  /** Also the client's ID, as AWS IoT's policies want it. */
  readonly thing: string;
  /** Paths of PEM files. */
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
  log(line: string): void;
}

/** Milliseconds until the first attempt to connect again, and the longest; each is twice the one before. */
const RECONNECT_MS = { first: 1_000, longest: 30_000 };

interface Subscription {
  readonly filter: string;
  readonly qos: 0 | 1;
  deliver(message: CloudMessage): void;
}

/** The core device's connection: MQTT over mutual TLS. */
export class AwsIot implements CloudConnection {
  readonly #client: MqttClient;
  readonly #subscriptions = new Set<Subscription>();
  readonly #listeners = new Set<() => void>();
  readonly #log: (line: string) => void;
  #isConnected = false;

  constructor({ endpoint, port, thing, ca, certificate, key, log }: AwsIotOptions) {
    this.#log = log;
    const options: IClientOptions = {
      ...{ protocol: 'mqtts', host: endpoint, port, clientId: thing, clean: true, protocolVersion: 5 },
      ...{ ca: readFileSync(ca), cert: readFileSync(certificate), key: readFileSync(key), rejectUnauthorized: true },
      ...{ keepalive: 30, connectTimeout: 10_000, reconnectPeriod: RECONNECT_MS.first },
      // What was published is kept by the spooler; who subscribed, here.
      ...{ queueQoSZero: false, resubscribe: false },
    };
    this.#client = connect(options);
    this.#client.on('connect', () => void this.#connected());
    this.#client.on('close', () => {
      if (this.#isConnected) log('mqtt: connection lost');
      this.#isConnected = false;
      const { reconnectPeriod = RECONNECT_MS.first } = this.#client.options;
      this.#client.options.reconnectPeriod = Math.min(2 * reconnectPeriod, RECONNECT_MS.longest);
    });
    this.#client.on('error', (error) => log(`mqtt: ${error.message}`));
    this.#client.on('message', (topic, payload, { qos, retain }) => {
      const message: CloudMessage = { topic, payload, qos: qos === 0 ? 0 : 1, retain };
      for (const subscription of [...this.#subscriptions]) {
        if (matchesTopic(subscription.filter, topic)) subscription.deliver(message);
      }
    });
  }

  get isConnected(): boolean {
    return this.#isConnected;
  }

  async publish({ topic, payload, qos, retain = false }: CloudMessage): Promise<void> {
    if (!this.#isConnected) throw new Error('there is no connection to the cloud');
    await this.#client.publishAsync(topic, payload, { qos, retain });
  }

  async subscribe(filter: string, qos: 0 | 1, deliver: (message: CloudMessage) => void): Promise<() => void> {
    const subscription: Subscription = { filter, qos, deliver };
    const isNew = ![...this.#subscriptions].some((other) => other.filter === filter);
    this.#subscriptions.add(subscription);
    try {
      if (this.#isConnected && isNew) await this.#client.subscribeAsync(filter, { qos });
    } catch (error) {
      // Without a connection it is made up for when there is one again.
      if (this.#client.connected) {
        this.#subscriptions.delete(subscription);
        throw error;
      }
    }
    return () => {
      this.#subscriptions.delete(subscription);
      const isLast = ![...this.#subscriptions].some((other) => other.filter === filter);
      if (isLast && this.#isConnected) this.#client.unsubscribe(filter, () => undefined);
    };
  }

  onConnected(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async end(): Promise<void> {
    await this.#client.endAsync(true);
  }

  async #connected(): Promise<void> {
    try {
      const filters = Object.fromEntries([...this.#subscriptions].map(({ filter, qos }) => [filter, { qos }]));
      if (Object.keys(filters).length > 0) await this.#client.subscribeAsync(filters);
    } catch (error) {
      this.#log(`mqtt: subscriptions: ${error instanceof Error ? error.message : String(error)}`);
    }
    if (!this.#client.connected) return;
    this.#isConnected = true;
    this.#client.options.reconnectPeriod = RECONNECT_MS.first;
    this.#log('mqtt: connected');
    for (const listener of [...this.#listeners]) listener();
  }
}
