import { Agent } from 'node:https';
import { setTimeout as pause } from 'node:timers/promises';
import { IoTDataPlaneClient } from '@aws-sdk/client-iot-data-plane';
import type { ShadowName } from '../../shadow/index.ts';
import { type Cloud, CloudError, type Shadow } from './cloud.ts';
import { getShadow, updateDesired } from './rest-shadows.ts';

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

  readonly readShadow = (shadow: ShadowName): Promise<Shadow | null> => getShadow(this.#client, this.#thing, shadow);

  readonly updateDesired: Cloud['updateDesired'] = (shadowName, desired, version) =>
    updateDesired(this.#client, { thingName: this.#thing, shadowName, version }, desired);

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
