import { connectAsync, type MqttClient } from 'mqtt';
import { type Credentials, readCredentials } from '../../lib/lab/cloud/certificates.ts';
import { echoTopic, evidenceTopic, SHADOWS, shadowTopic } from '../../lib/shadow/names.ts';
import type { Message } from './traffic.ts';

/** The lab's broker, and the certificate of one who may do everything. */
export interface Broker extends Credentials {
  readonly host: string;
  readonly port: number;
}

/** No truck's. */
const ROUND_TRIP_TOPIC = 'firebreak-bench/round-trip';
const CONNECT_WITHIN_MS = 30_000;

/** An MQTT client in the lab's internet: it writes what an operator writes, and hears what the truck and the shadow service say. */
export class Onlooker {
  readonly #client: MqttClient;
  readonly #listeners = new Set<(topic: string, payload: Buffer) => void>();
  /** What the truck itself has published so far. */
  readonly messages: Message[] = [];

  private constructor(client: MqttClient, thing: string) {
    this.#client = client;
    const trucks = topicsOfTruck(thing);
    client.on('message', (topic, payload) => {
      if (trucks.has(topic)) this.messages.push({ topic, bytes: payload.length });
      for (const listener of [...this.#listeners]) listener(topic, payload);
    });
  }

  static async connect({ host, port, ...credentials }: Broker, thing: string): Promise<Onlooker> {
    const client = await connectAsync({
      ...(await readCredentials(credentials)),
      ...{ protocol: 'mqtts', host, port },
      ...{ clientId: `firebreak-bench-${process.pid}`, protocolVersion: 5 },
      ...{ connectTimeout: CONNECT_WITHIN_MS, reconnectPeriod: 0 },
    });
    const onlooker = new Onlooker(client, thing);
    // Neither what it says itself, nor what the broker has retained.
    const others = { qos: 1, nl: true, rh: 2 } as const;
    await client.subscribeAsync({
      ...{ [`$aws/things/${thing}/#`]: others, [`firebreak/${thing}/#`]: others },
      [ROUND_TRIP_TOPIC]: { qos: 1 },
    });
    return onlooker;
  }

  /** @returns what ends it */
  listen(listener: (topic: string, payload: Buffer) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  async publish(topic: string, payload: string): Promise<void> {
    await this.#client.publishAsync(topic, payload, { qos: 1 });
  }

  /** Milliseconds from publishing something until it has come back. */
  async roundTripMs(payload: string): Promise<number> {
    const begun = performance.now();
    const back = new Promise<number>((resolve) => {
      const forget = this.listen((topic) => {
        if (topic !== ROUND_TRIP_TOPIC) return;
        forget();
        resolve(performance.now() - begun);
      });
    });
    await this.publish(ROUND_TRIP_TOPIC, payload);
    return back;
  }

  async end(): Promise<void> {
    await this.#client.endAsync(true);
  }
}

/** Where a truck publishes; on all other topics about it the shadow service does. */
function topicsOfTruck(thing: string): ReadonlySet<string> {
  const requests = SHADOWS.flatMap((shadow) =>
    ['get', 'update', 'delete'].map((operation) => `${shadowTopic(thing, shadow)}/${operation}`),
  );
  return new Set([...requests, evidenceTopic(thing), echoTopic(thing)]);
}
