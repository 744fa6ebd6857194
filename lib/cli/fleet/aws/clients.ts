import { Agent as HttpAgent } from 'node:http';
import { Agent } from 'node:https';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { GreengrassV2Client } from '@aws-sdk/client-greengrassv2';
import { IoTClient } from '@aws-sdk/client-iot';
import { IoTDataPlaneClient } from '@aws-sdk/client-iot-data-plane';
import { S3Client } from '@aws-sdk/client-s3';

export interface AwsAddress {
  /** Of every service; undefined: AWS's own for the region. */
  readonly endpoint?: string;
  readonly region?: string;
  /** PEM. */
  readonly ca?: Buffer;
  readonly patienceMs: number;
}

/** Requests at once on one client. */
const SOCKETS = 32;
/** Throttled or failed requests are sent so often, later and later. */
const ATTEMPTS = 8;

/** AWS's own clients, with credentials from where AWS's tools have theirs. They send less when they are throttled (adaptive retry). */
export function awsClients({ endpoint, region, ca, patienceMs }: AwsAddress) {
  // Which Node its next versions will need is news for this project, not for whoever asks a fleet.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
  const agents = { keepAlive: true, maxSockets: SOCKETS };
  const settings = {
    ...(endpoint !== undefined && { endpoint }),
    ...(region !== undefined && { region }),
    retryMode: 'adaptive',
    maxAttempts: ATTEMPTS,
    requestHandler: {
      connectionTimeout: patienceMs,
      requestTimeout: patienceMs,
      httpsAgent: new Agent({ ...agents, ...(ca && { ca }) }),
      httpAgent: new HttpAgent(agents),
    },
  };
  return {
    iot: new IoTClient(settings),
    data: new IoTDataPlaneClient(settings),
    dynamo: new DynamoDBClient(settings),
    // A local endpoint has no names for buckets.
    s3: new S3Client({ ...settings, forcePathStyle: endpoint !== undefined }),
    greengrass: new GreengrassV2Client(settings),
  };
}
