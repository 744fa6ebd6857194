import type { SubscriptionResponseMessage } from 'aws-iot-device-sdk-v2/dist/greengrasscoreipc/model';
import * as z from 'zod/mini';
import type { GreengrassIpc } from './greengrass-ipc.ts';
import { IpcError } from './ipc-error.ts';

const Document = z.object({
  state: z.object({ desired: z.optional(z.unknown()), reported: z.optional(z.unknown()) }),
  version: z.optional(z.number()),
});

/** A named shadow as the local ShadowManager has it. */
export interface Shadow {
  readonly desired: unknown;
  readonly reported: unknown;
}

/** null: there is none yet. @throws IpcError */
export async function getShadow(ipc: GreengrassIpc, thingName: string, shadowName: string): Promise<Shadow | null> {
  try {
    const { payload } = await ipc.call('GetThingShadow', (client) => client.getThingShadow({ thingName, shadowName }));
    const { state } = Document.parse(JSON.parse(textOf(payload)));
    return { desired: state.desired, reported: state.reported };
  } catch (error) {
    if (error instanceof IpcError && error.code === 'ResourceNotFoundError') return null;
    throw error;
  }
}

/** Merges into the section `reported`. @throws IpcError */
export async function updateReported(
  ipc: GreengrassIpc,
  thingName: string,
  shadowName: string,
  reported: Readonly<Record<string, unknown>>,
): Promise<void> {
  const payload = JSON.stringify({ state: { reported } });
  await ipc.call('UpdateThingShadow', (client) => client.updateThingShadow({ thingName, shadowName, payload }));
}

/** Calls for each delta, and when subscribing has begun (anew); what is desired is to be read then: a delta is only part of it, and may be lost. */
export function onDelta(ipc: GreengrassIpc, topic: string, called: () => void): void {
  ipc.subscribe<SubscriptionResponseMessage>({
    operation: `SubscribeToTopic ${topic}`,
    open: (client) => client.subscribeToTopic({ topic }),
    heard: called,
    began: called,
  });
}

/** The client gives blobs as text, bytes, or what views them. */
export function textOf(blob: unknown): string {
  if (typeof blob === 'string') return blob;
  return new TextDecoder().decode(blob as ArrayBuffer);
}
