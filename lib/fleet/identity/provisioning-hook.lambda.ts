import { ConditionalCheckFailedException, DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { type Claim, claimsOf, type HookAnswer, ringGroupOf } from './provisioning-decision.ts';

/** AWS IoT waits five seconds; who can't tell by then refuses, and the truck tries again. */
const client = new DynamoDBClient({
  maxAttempts: 3,
  requestHandler: { connectionTimeout: 500, requestTimeout: 1000 },
});

/**
 * AWS IoT asks before it provisions a truck ("Pre-provisioning hooks" in the developer guide). Allowed is what is on the list and has claims left; each
 * one takes one, in the same write that looks, so that two trucks of one serial number never get in by one claim.
 */
export async function handler(event: unknown): Promise<HookAnswer> {
  const claim = claimsOf(event);
  if (claim === undefined) return refuse('what was sent has no serial number that could be one');
  try {
    const { Attributes } = await client.send(takeClaim(claim));
    const group = ringGroupOf(Attributes?.ring?.S, process.env);
    console.log(JSON.stringify({ allowed: true, serial: claim.serial, certificate: claim.certificateId, group }));
    return { allowProvisioning: true, parameterOverrides: { SerialNumber: claim.serial, RingGroup: group } };
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException)
      return refuse('it is not on the allow-list, or has no claims left', claim);
    return refuse(`the allow-list could not be asked: ${(error as Error).message}`, claim);
  }
}

function takeClaim({ serial, certificateId, at }: Claim): UpdateItemCommand {
  return new UpdateItemCommand({
    TableName: process.env.ALLOW_LIST,
    Key: { serial: { S: serial } },
    ConditionExpression: 'attribute_exists(serial) AND claimsLeft > :none',
    UpdateExpression: 'SET claimsLeft = claimsLeft - :one, certificateId = :certificate, provisionedAt = :at',
    ExpressionAttributeValues: {
      ':none': { N: '0' },
      ':one': { N: '1' },
      ':certificate': { S: certificateId },
      ':at': { S: at },
    },
    ReturnValues: 'ALL_NEW',
  });
}

function refuse(why: string, claim?: Claim): HookAnswer {
  console.log(JSON.stringify({ allowed: false, why, serial: claim?.serial, certificate: claim?.certificateId }));
  return { allowProvisioning: false };
}
