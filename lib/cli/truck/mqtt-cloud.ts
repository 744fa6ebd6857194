import { randomUUID } from 'node:crypto';
import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { type IClientOptions, MqttClient } from 'mqtt';
import { evidenceTopic, type ShadowName, shadowTopic } from '../../shadow/index.ts';
import { type Cloud, CloudError, isCloudError, refusalOf, type Shadow } from './cloud.ts';
import { type Message, readMessage, shadowOf } from './shadow-messages.ts';

export interface MqttAddress {
  readonly host: string;
  readonly port: number;
  /** PEM. Without an authority those that Node knows are trusted: Amazon's are among them. */
  readonly ca?: Buffer;
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly clientId: string;
  /** A way to host and port, where there is no straight one. */
  readonly open?: () => Duplex;
  /** How long an answer is waited for. */
  readonly patienceMs: number;
}

type Operation = 'get' | 'update';

/** Connects with a certificate (mutual TLS). @throws CloudError */
export async function connectMqtt(address: MqttAddress, thing: string): Promise<Cloud> {
  const { host, port, clientId, patienceMs, ca, cert, key, open } = address;
  const tls = { ...(ca && { ca }), cert, key };
  const options: IClientOptions = { clientId, connectTimeout: patienceMs, protocolVersion: 4, clean: true };
  const failures: Error[] = [];
  const client = new MqttClient(() => {
    // The server is told its name (RFC 6066), which an address is not.
    const name = isIP(host) === 0 ? { servername: host } : {};
    const socket = connectTls({ ...tls, host, port, ...name, ...(open && { socket: open() }) });
    return socket.on('error', (error) => failures.unshift(error));
  }, options);
  client.on('error', (error) => failures.push(error));
  const isConnected = await new Promise<boolean>((resolve) => {
    client.once('connect', () => resolve(true));
    client.once('close', () => resolve(false));
  });
  if (!isConnected) {
    client.end(true);
    const [cause] = failures;
    const why = cause?.message ?? 'the connection was closed';
    throw new CloudError('unreachable', `${host}:${port} can't be reached: ${why}`, { cause });
  }
  return new MqttCloud(client, thing, address);
}

class MqttCloud implements Cloud {
  readonly #client: MqttClient;
  readonly #thing: string;
  readonly #address: MqttAddress;
  readonly #answers = new Map<string, (answer: Message | CloudError) => void>();
  readonly #listeners = new Set<(topic: string, payload: Uint8Array) => void>();
  readonly #subscribed = new Map<string, Promise<void>>();

  constructor(client: MqttClient, thing: string, address: MqttAddress) {
    this.#client = client;
    this.#thing = thing;
    this.#address = address;
    client.on('message', (topic, payload) => this.#hear(topic, payload));
    // AWS IoT answers what a certificate's policy doesn't allow by closing the connection.
    client.on('close', () => this.#giveUp());
    client.on('error', () => this.#giveUp());
  }

  readonly readShadow = async (shadow: ShadowName): Promise<Shadow | null> => {
    try {
      return shadowOf(await this.#ask(shadow, 'get', {}));
    } catch (error) {
      if (isCloudError(error) && error.kind === 'not-found') return null;
      throw error;
    }
  };

  readonly updateDesired: Cloud['updateDesired'] = async (shadow, desired, version) => {
    const counted = version === undefined ? {} : { version };
    const { version: next } = await this.#ask(shadow, 'update', { state: { desired }, ...counted });
    return next ?? 0;
  };

  readonly follow: Cloud['follow'] = async (shadows, say, signal) => {
    const versions = new Map<ShadowName, number>();
    const tell = (name: ShadowName, shadow: Shadow | null) => {
      if (shadow !== null && shadow.version <= (versions.get(name) ?? 0)) return;
      if (shadow !== null) versions.set(name, shadow.version);
      say(name, shadow);
    };
    const documents = new Map(shadows.map((name) => [`${shadowTopic(this.#thing, name)}/update/documents`, name]));
    const hear = (topic: string, payload: Uint8Array) => {
      const name = documents.get(topic);
      const current = name === undefined ? undefined : readMessage(payload)?.current;
      if (name !== undefined && current !== undefined) tell(name, shadowOf(current));
    };
    const readAll = async () => {
      for (const name of shadows) tell(name, await this.readShadow(name));
    };
    // What changed while the connection was gone is read afterwards; should that fail, it is gone again.
    const reread = () => void readAll().catch(() => undefined);
    await this.#subscribe([...documents.keys()]);
    this.#listeners.add(hear);
    try {
      await readAll();
      this.#client.on('connect', reread);
      await untilAborted(signal);
    } finally {
      this.#client.off('connect', reread);
      this.#listeners.delete(hear);
    }
  };

  readonly listen: Cloud['listen'] = async (hear, ready, signal) => {
    const wanted = evidenceTopic(this.#thing);
    const take = (topic: string, payload: Uint8Array) => topic === wanted && hear(payload);
    this.#listeners.add(take);
    try {
      await this.#subscribe([wanted]);
      ready();
      await untilAborted(signal);
    } finally {
      this.#listeners.delete(take);
      // Whoever listens next subscribes anew: only then does the broker send again what it has retained.
      this.#subscribed.delete(wanted);
      if (this.#client.connected) await this.#client.unsubscribeAsync(wanted);
    }
  };

  readonly close = async (): Promise<void> => {
    await this.#client.endAsync(true);
  };

  async #ask(shadow: ShadowName, operation: Operation, body: object): Promise<Message> {
    const topic = `${shadowTopic(this.#thing, shadow)}/${operation}`;
    await this.#subscribe([`${topic}/accepted`, `${topic}/rejected`]);
    const clientToken = randomUUID();
    const answer = new Promise<Message | CloudError>((resolve) => this.#answers.set(clientToken, resolve));
    const timer = setTimeout(() => this.#answers.get(clientToken)?.(this.#silence()), this.#address.patienceMs);
    try {
      await this.#client.publishAsync(topic, JSON.stringify({ ...body, clientToken }), { qos: 1 });
      const answered = await answer;
      if (isCloudError(answered)) throw answered;
      return answered;
    } finally {
      clearTimeout(timer);
      this.#answers.delete(clientToken);
    }
  }

  async #subscribe(topics: readonly string[]): Promise<void> {
    for (const topic of topics) {
      const subscription = this.#subscribed.get(topic) ?? this.#subscribeTo(topic);
      this.#subscribed.set(topic, subscription);
      await subscription;
    }
  }

  async #subscribeTo(topic: string): Promise<void> {
    const timer = setTimeout(() => this.#client.end(true), this.#address.patienceMs);
    try {
      await this.#client.subscribeAsync(topic, { qos: 1 });
    } catch (error) {
      throw new CloudError('forbidden', `${topic} may not be subscribed to with this certificate`, { cause: error });
    } finally {
      clearTimeout(timer);
    }
  }

  #hear(topic: string, payload: Uint8Array): void {
    for (const listener of this.#listeners) listener(topic, payload);
    const message = readMessage(payload);
    const resolve = message?.clientToken === undefined ? undefined : this.#answers.get(message.clientToken);
    if (message === null || resolve === undefined) return;
    if (topic.endsWith('/accepted')) resolve(message);
    if (topic.endsWith('/rejected')) resolve(refusalOf(message.code, message.message ?? 'it does not say why'));
  }

  #giveUp(): void {
    const { host, port } = this.#address;
    for (const resolve of this.#answers.values()) {
      resolve(new CloudError('unreachable', `${host}:${port} closed the connection: does the certificate allow this?`));
    }
  }

  #silence(): CloudError {
    const seconds = Math.round(this.#address.patienceMs / 1000);
    return new CloudError('unreachable', `no answer from the shadows of ${this.#thing} within ${seconds} s`);
  }
}

function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
