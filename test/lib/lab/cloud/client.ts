import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';
import type { Cloud } from '../../../../lib/lab/cloud/cloud.ts';
import { until } from '../../../components/host/until.ts';
import { credentials } from './support.ts';

export interface Message {
  readonly topic: string;
  readonly payload: Record<string, unknown>;
}

/** MQTT.js, with all that it was sent. */
export class TestClient {
  readonly client: MqttClient;
  readonly heard: Message[] = [];

  private constructor(client: MqttClient) {
    this.client = client;
    client.on('message', (topic, payload) => {
      this.heard.push({ topic, payload: payload.length === 0 ? {} : JSON.parse(payload.toString()) });
    });
  }

  /** @param thing whose certificate; without it the operator's */
  static async connect(cloud: Cloud, thing?: string, options: IClientOptions = {}): Promise<TestClient> {
    const { host, mqtt: port } = cloud.endpoint;
    const files = await credentials(cloud, thing);
    const client = await mqtt.connectAsync(
      `mqtts://${host}:${port}`,
      { ...files, reconnectPeriod: 0, ...options },
      false,
    );
    return new TestClient(client);
  }

  async subscribe(...filters: readonly string[]): Promise<void> {
    await this.client.subscribeAsync([...filters], { qos: 1 });
  }

  async publish(topic: string, payload: unknown = ''): Promise<void> {
    await this.client.publishAsync(topic, typeof payload === 'string' ? payload : JSON.stringify(payload), { qos: 1 });
  }

  /** The next one that was sent to this topic; it is heard once. */
  async next(topic: string): Promise<Message['payload']> {
    const find = () => this.heard.findIndex((message) => message.topic === topic);
    await until(`a message to ${topic}; heard: ${this.heard.map((message) => message.topic)}`, () => find() >= 0);
    return this.heard.splice(find(), 1)[0]?.payload ?? {};
  }

  /** Publishes a request and gives its answer. */
  async ask(topic: string, payload: unknown, outcome: 'accepted' | 'rejected'): Promise<Message['payload']> {
    await this.publish(topic, payload);
    return await this.next(`${topic}/${outcome}`);
  }

  async end(): Promise<void> {
    await this.client.endAsync(true);
  }
}
