import * as z from 'zod';
import type { CloudConnection } from '../../mqtt/cloud-connection.ts';
import { SpoolError, type Spooler } from '../../mqtt/spooler.ts';
import { IpcError } from '../error.ts';
import { type Operations, streaming, unary } from '../operation.ts';
import { isFilter } from '../topics.ts';
import { Blob, toBlob } from './blob.ts';
import type { Permissions } from './permissions.ts';

const SERVICE = 'aws.greengrass.ipc.mqttproxy';
/** In bytes: AWS IoT's limit of a message. */
const MAX_PAYLOAD = 128 * 1024;
/** How long a subscription may take, in milliseconds (`mqtt.mqttOperationTimeoutMs`). */
const TIMEOUT_MS = 30_000;

/** It is an enumeration of texts in the model; without it, it is 1. */
const Qos = z
  .enum(['0', '1'])
  .nullish()
  .transform((text) => (text === '0' ? 0 : 1));

const PublishToIoTCore = z.object({
  topicName: z.string().min(1),
  qos: Qos,
  payload: Blob,
  retain: z.boolean().nullish(),
});
const SubscribeToIoTCore = z.object({ topicName: z.string().min(1), qos: Qos });

/** PublishToIoTCore, SubscribeToIoTCore: MQTT through the core device's one connection. */
export function iotCoreOperations(cloud: CloudConnection, spooler: Spooler, permit: Permissions): Operations {
  return {
    PublishToIoTCore: unary(PublishToIoTCore, ({ topicName, qos, payload, retain }, { component }) => {
      permit(component, SERVICE, 'PublishToIoTCore', topicName);
      const failed = (why: string) =>
        new IpcError('ServiceError', `Publish to topic ${topicName} failed with error ${why}`);
      if (isFilter(topicName)) throw failed('The topic must not contain wildcards');
      if (payload.length > MAX_PAYLOAD) {
        throw failed(`The publish payload of ${payload.length} bytes exceeds the ${MAX_PAYLOAD} that AWS IoT takes`);
      }
      try {
        spooler.add({ topic: topicName, payload, qos, ...(retain === true && { retain }) });
      } catch (error) {
        if (error instanceof SpoolError) throw failed(error.message);
        throw error;
      }
    }),
    SubscribeToIoTCore: streaming(SubscribeToIoTCore, async ({ topicName, qos }, { component, send }) => {
      permit(component, SERVICE, 'SubscribeToIoTCore', topicName);
      const subscribing = cloud.subscribe(topicName, qos, ({ topic, payload }) =>
        send({ name: 'IoTCoreMessage', value: { message: { topicName: topic, payload: toBlob(payload) } } }),
      );
      try {
        return { answer: {}, close: await inTime(subscribing) };
      } catch (error) {
        void subscribing.then((unsubscribe) => unsubscribe()).catch(() => undefined);
        const why = error instanceof Error ? error.message : String(error);
        throw new IpcError('ServiceError', `Subscribe to topic ${topicName} failed with error ${why}`);
      }
    }),
  };
}

async function inTime<T>(promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not within ${TIMEOUT_MS} ms`)), TIMEOUT_MS);
  });
  try {
    return await Promise.race([promise, tooLate]);
  } finally {
    clearTimeout(timer);
  }
}
