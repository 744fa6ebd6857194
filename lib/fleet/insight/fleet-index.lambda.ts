import {
  DescribeIndexCommand,
  GetIndexingConfigurationCommand,
  IoTClient,
  UpdateIndexingConfigurationCommand,
} from '@aws-sdk/client-iot';
import { mergeIndexing } from './merge-indexing.ts';

/** As much of CloudFormation's request as is needed ("Custom resource request objects"). */
export interface Request {
  readonly RequestType: 'Create' | 'Update' | 'Delete';
  readonly ResponseURL: string;
  readonly StackId: string;
  readonly RequestId: string;
  readonly LogicalResourceId: string;
}

const client = new IoTClient({});
/** Groups and metrics ask the index, so it has to be there before them. Lambda gives 15 minutes. */
const PATIENCE_MS = 13 * 60_000;
const PAUSE_MS = 5_000;

/**
 * Adds to the account's index what is needed of it, and waits until it is built. When the stack goes, the index stays as it is: others may
 * rely on it by then.
 */
export async function handler(request: Request): Promise<void> {
  try {
    if (request.RequestType !== 'Delete') await index();
    await answer(request, { Status: 'SUCCESS' });
  } catch (error) {
    await answer(request, { Status: 'FAILED', Reason: `fleet indexing: ${(error as Error).message}` });
  }
}

async function index(): Promise<void> {
  const { thingIndexingConfiguration } = await client.send(new GetIndexingConfigurationCommand({}));
  const merged = mergeIndexing(thingIndexingConfiguration);
  await client.send(new UpdateIndexingConfigurationCommand({ thingIndexingConfiguration: merged }));
  const giveUpAt = Date.now() + PATIENCE_MS;
  for (;;) {
    const { indexStatus } = await client.send(new DescribeIndexCommand({ indexName: 'AWS_Things' }));
    if (indexStatus === 'ACTIVE') return;
    if (Date.now() > giveUpAt) throw new Error(`AWS_Things is still ${indexStatus}; deploy again when it is ACTIVE`);
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}

async function answer(request: Request, outcome: { Status: 'SUCCESS' | 'FAILED'; Reason?: string }): Promise<void> {
  const { ResponseURL, StackId, RequestId, LogicalResourceId } = request;
  const body = { ...outcome, StackId, RequestId, LogicalResourceId, PhysicalResourceId: 'AWS_Things' };
  await fetch(ResponseURL, { method: 'PUT', headers: { 'content-type': '' }, body: JSON.stringify(body) });
}
