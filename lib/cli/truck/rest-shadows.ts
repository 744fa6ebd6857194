import {
  GetThingShadowCommand,
  type IoTDataPlaneClient,
  UpdateThingShadowCommand,
} from '@aws-sdk/client-iot-data-plane';
import type { ShadowName } from '../../shadow/index.ts';
import { CloudError, isCloudError, refusalOf, type Shadow } from './cloud.ts';
import { readMessage, shadowOf } from './shadow-messages.ts';

/** A thing's shadow by the data plane's REST interface; null: there is none yet. @throws CloudError */
export async function getShadow(
  client: IoTDataPlaneClient,
  thingName: string,
  shadowName: ShadowName,
): Promise<Shadow | null> {
  try {
    const { payload } = await client.send(new GetThingShadowCommand({ thingName, shadowName }));
    return shadowOf(messageIn(payload));
  } catch (error) {
    const refusal = cloudErrorOf(error);
    if (refusal.kind === 'not-found') return null;
    throw refusal;
  }
}

/** Sends an update of `desired`. @returns the new version. @throws CloudError, `conflict` when the shadow has another version */
export async function updateDesired(
  client: IoTDataPlaneClient,
  { thingName, shadowName, version }: { thingName: string; shadowName: ShadowName; version: number | undefined },
  desired: Readonly<Record<string, unknown>>,
): Promise<number> {
  const counted = version === undefined ? {} : { version };
  const payload = new TextEncoder().encode(JSON.stringify({ state: { desired }, ...counted }));
  try {
    return (
      messageIn((await client.send(new UpdateThingShadowCommand({ thingName, shadowName, payload }))).payload)
        .version ?? 0
    );
  } catch (error) {
    throw cloudErrorOf(error);
  }
}

function messageIn(payload: Uint8Array | undefined) {
  const message = readMessage(payload ?? new Uint8Array());
  if (message === null) throw new CloudError('refused', 'the cloud answers something that is no shadow');
  return message;
}

/** What a client of AWS's threw, in this program's words. */
export function cloudErrorOf(error: unknown): CloudError {
  if (isCloudError(error)) return error;
  const { message, $metadata } = error as Error & { $metadata?: { httpStatusCode?: number } };
  if ($metadata?.httpStatusCode !== undefined) return refusalOf($metadata.httpStatusCode, message);
  return new CloudError('unreachable', `the cloud can't be asked: ${message}`, { cause: error });
}
