import { Agent } from 'node:https';
import { setTimeout as pause } from 'node:timers/promises';
import { GetThingShadowCommand, IoTDataPlaneClient, UpdateThingShadowCommand } from '@aws-sdk/client-iot-data-plane';
import type { ShadowName } from '../../shadow/index.ts';
import { type Cloud, CloudError, isCloudError, refusalOf, type Shadow } from './cloud.ts';
import { readMessage, shadowOf } from './shadow-messages.ts';

export interface RestAddress {
  /** `https://…`; undefined: AWS's own for the region. */
  readonly endpoint?: string;
  readonly region?: string;
  /** PEM. */
  readonly ca?: Buffer;
  readonly patienceMs: number;
}

/** How often a shadow is read that is followed: REST tells nothing by itself. */
const LOOK_EVERY_MS = 2000;

/** The data plane's REST interface, with AWS credentials from where AWS's tools have theirs. */
export function connectRest({ endpoint, region, ca, patienceMs }: RestAddress, thing: string): Cloud {
  // Which Node its next versions will need is news for this project, not for whoever asks a truck.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
  const client = new IoTDataPlaneClient({
    ...(endpoint !== undefined && { endpoint }),
    ...(region !== undefined && { region }),
    requestHandler: {
      connectionTimeout: patienceMs,
      requestTimeout: patienceMs,
      ...(ca && { httpsAgent: new Agent({ ca, keepAlive: true }) }),
    },
  });
  return new RestCloud(client, thing);
}

class RestCloud implements Cloud {
  readonly #client: IoTDataPlaneClient;
  readonly #thing: string;

  constructor(client: IoTDataPlaneClient, thing: string) {
    this.#client = client;
    this.#thing = thing;
  }

  readonly readShadow = async (shadow: ShadowName): Promise<Shadow | null> => {
    try {
      const get = new GetThingShadowCommand({ thingName: this.#thing, shadowName: shadow });
      const { payload } = await this.#client.send(get);
      return shadowOf(messageIn(payload));
    } catch (error) {
      const refusal = cloudErrorOf(error);
      if (refusal.kind === 'not-found') return null;
      throw refusal;
    }
  };

  readonly updateDesired: Cloud['updateDesired'] = async (shadow, desired, version) => {
    const counted = version === undefined ? {} : { version };
    const payload = new TextEncoder().encode(JSON.stringify({ state: { desired }, ...counted }));
    try {
      const update = new UpdateThingShadowCommand({ thingName: this.#thing, shadowName: shadow, payload });
      return messageIn((await this.#client.send(update)).payload).version ?? 0;
    } catch (error) {
      throw cloudErrorOf(error);
    }
  };

  readonly follow: Cloud['follow'] = async (shadows, say, signal) => {
    const versions = new Map<ShadowName, number>();
    while (!signal.aborted) {
      for (const name of shadows) {
        const shadow = await this.readShadow(name);
        const version = shadow?.version ?? 0;
        if (versions.get(name) !== version) say(name, shadow);
        versions.set(name, version);
      }
      await pause(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined);
    }
  };

  readonly listen: Cloud['listen'] = () =>
    Promise.reject(
      new CloudError('refused', 'evidence comes by MQTT only: give a certificate with --cert, --key and --endpoint'),
    );

  readonly close = (): Promise<void> => {
    this.#client.destroy();
    return Promise.resolve();
  };
}

function messageIn(payload: Uint8Array | undefined) {
  const message = readMessage(payload ?? new Uint8Array());
  if (message === null) throw new CloudError('refused', 'the cloud answers something that is no shadow');
  return message;
}

function cloudErrorOf(error: unknown): CloudError {
  if (isCloudError(error)) return error;
  const { message, $metadata } = error as Error & { $metadata?: { httpStatusCode?: number } };
  if ($metadata?.httpStatusCode !== undefined) return refusalOf($metadata.httpStatusCode, message);
  return new CloudError('unreachable', `the cloud can't be asked: ${message}`, { cause: error });
}
