import mqtt, { type MqttClient } from 'mqtt';
import { evidenceTopic } from '../../shadow/names.ts';
import type { JsonObject } from '../shadow/json.ts';
import { parseRequestTopic } from '../shadow/topics.ts';
import type { DeviceJobs } from './account/jobs/device-jobs.ts';
import { JOBS_REQUESTS, jobsTopic, parseJobsTopic } from './account/jobs/topics.ts';
import { credentialsOf, readCredentials } from './certificates.ts';
import type { CloudConfiguration } from './configuration.ts';
import { SERVICE } from './identities.ts';
import type { ShadowService } from './shadow-service.ts';

const REQUESTS = ['get', 'update', 'delete'].flatMap((operation) => [
  `$aws/things/+/shadow/${operation}`,
  `$aws/things/+/shadow/name/+/${operation}`,
]);

/** The shadow service's own connection to the broker. */
export class MqttDoor {
  readonly #client: MqttClient;

  private constructor(client: MqttClient) {
    this.#client = client;
  }

  /** Connects, as soon as the broker listens. */
  static async connect({ directory, host, ports }: CloudConfiguration): Promise<MqttDoor> {
    const client = mqtt.connect({
      ...(await readCredentials(credentialsOf(directory, SERVICE))),
      ...{ protocol: 'mqtts', host, port: ports.mqtt },
      ...{ clientId: SERVICE, protocolVersion: 5, reconnectPeriod: 50 },
    });
    // It tries again by itself.
    client.on('error', () => undefined);
    await new Promise((resolve) => client.once('connect', resolve));
    return new MqttDoor(client);
  }

  /** From now on requests are answered, and evidence is heard. */
  async open(shadows: ShadowService, jobs: DeviceJobs, hearEvidence: (payload: Buffer) => void): Promise<void> {
    this.#client.on('message', (topic, payload) => {
      const request = parseRequestTopic(topic);
      const about = parseJobsTopic(topic);
      if (request === null && about === null) return hearEvidence(payload);
      const answered =
        request === null
          ? about && jobs.request(about, payload)
          : shadows.request({ thing: request.thing, shadow: request.shadow }, request.operation, payload, 'mqtt');
      answered?.catch((error: unknown) => console.error(`${topic}:`, error));
    });
    const filters = [...REQUESTS, ...JOBS_REQUESTS.map((suffix) => jobsTopic('+', suffix)), evidenceTopic('+')];
    await this.#client.subscribeAsync(filters, { qos: 1 });
  }

  publish(
    topic: string,
    payload: JsonObject | Buffer,
    options: { readonly qos?: 0 | 1; readonly retain?: boolean } = {},
  ): void {
    const bytes = Buffer.isBuffer(payload) ? payload : JSON.stringify(payload);
    this.#client.publish(topic, bytes, { qos: options.qos ?? 1, retain: options.retain ?? false }, (error) => {
      if (error) console.error(`${topic}: ${error.message}`);
    });
  }

  async close(): Promise<void> {
    await this.#client.endAsync(true);
  }
}
