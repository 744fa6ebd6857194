import * as z from 'zod';
import { IpcError } from '../error.ts';
import type { LocalMessage, LocalTopics } from '../local-topics.ts';
import { type Operations, streaming, unary } from '../operation.ts';
import { Blob, toBlob } from './blob.ts';
import type { Permissions } from './permissions.ts';

const SERVICE = 'aws.greengrass.ipc.pubsub';

const PublishToTopic = z.object({
  topic: z.string(),
  publishMessage: z.object({
    jsonMessage: z.object({ message: z.record(z.string(), z.unknown()).nullish() }).nullish(),
    binaryMessage: z.object({ message: Blob }).nullish(),
  }),
});

const SubscribeToTopic = z.object({
  topic: z.string(),
  receiveMode: z.enum(['RECEIVE_ALL_MESSAGES', 'RECEIVE_MESSAGES_FROM_OTHERS']).nullish(),
});

/** PublishToTopic, SubscribeToTopic. */
export function localTopicOperations(topics: LocalTopics, permit: Permissions): Operations {
  return {
    PublishToTopic: unary(PublishToTopic, ({ topic, publishMessage }, { component }) => {
      permit(component, SERVICE, 'PublishToTopic', topic);
      topics.publish(topic, messageOf(publishMessage), component);
    }),
    SubscribeToTopic: streaming(SubscribeToTopic, ({ topic, receiveMode }, { component, send }) => {
      permit(component, SERVICE, 'SubscribeToTopic', topic);
      const deliver = (on: string, message: LocalMessage) =>
        send({ name: 'SubscriptionResponseMessage', value: eventOf(on, message) });
      return { answer: {}, close: topics.subscribe(topic, component, deliver, receiveMode ?? undefined) };
    }),
  };
}

function messageOf(union: z.infer<typeof PublishToTopic>['publishMessage']): LocalMessage {
  const { jsonMessage, binaryMessage } = union;
  if ((jsonMessage != null) === (binaryMessage != null)) {
    throw new IpcError('InvalidArgumentsError', 'publishMessage: exactly one of jsonMessage and binaryMessage');
  }
  return binaryMessage == null ? { json: jsonMessage?.message ?? {} } : { binary: binaryMessage.message };
}

function eventOf(topic: string, message: LocalMessage): unknown {
  const context = { topic };
  return 'json' in message
    ? { jsonMessage: { message: message.json, context } }
    : { binaryMessage: { message: toBlob(message.binary), context } };
}
