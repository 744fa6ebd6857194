import { randomUUID } from 'node:crypto';
import { type IoTCoreMessage, QOS } from 'aws-iot-device-sdk-v2/dist/greengrasscoreipc/model';
import type { GreengrassIpc } from './greengrass-ipc.ts';
import { textOf } from './shadow.ts';

/**
 * Hands a message to the nucleus, which keeps it while there is no connection (its spooler), and sends it at least once.
 * @param retain the cloud keeps it for whoever asks later
 * @throws IpcError
 */
export async function publishToIotCore(
  ipc: GreengrassIpc,
  topicName: string,
  payload: string,
  { retain = false }: { readonly retain?: boolean } = {},
): Promise<void> {
  await ipc.call('PublishToIoTCore', (client) =>
    client.publishToIoTCore({ topicName, qos: QOS.AT_LEAST_ONCE, payload, retain }),
  );
}

/**
 * Whether the truck reaches the cloud: a message that it sends to itself by way of it. The nucleus tells nobody whether it is connected, and
 * takes messages all the same.
 */
export class CloudEcho {
  readonly #ipc: GreengrassIpc;
  readonly #topic: string;
  readonly #awaited = new Map<string, () => void>();

  /** Before the connection is made. */
  constructor(ipc: GreengrassIpc, topic: string) {
    this.#ipc = ipc;
    this.#topic = topic;
    ipc.subscribe<IoTCoreMessage>({
      operation: `SubscribeToIoTCore ${topic}`,
      open: (client) => client.subscribeToIoTCore({ topicName: topic, qos: QOS.AT_LEAST_ONCE }),
      heard: ({ message }) => this.#awaited.get(textOf(message?.payload ?? ''))?.(),
    });
  }

  /** Did one come back within the time (ms)? */
  async isAlive(timeoutMs: number): Promise<boolean> {
    const nonce = randomUUID();
    let timer: NodeJS.Timeout | undefined;
    const came = new Promise<boolean>((resolve) => {
      this.#awaited.set(nonce, () => resolve(true));
      timer = setTimeout(() => resolve(false), timeoutMs);
    });
    try {
      await publishToIotCore(this.#ipc, this.#topic, nonce);
      return await came;
    } catch {
      return false;
    } finally {
      clearTimeout(timer);
      this.#awaited.delete(nonce);
    }
  }
}
