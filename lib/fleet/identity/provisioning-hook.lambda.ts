import { ConditionalCheckFailedException, DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { type Claim, claimsOf, depotGroupOf, type HookAnswer, ringGroupOf } from './provisioning-decision.ts';

/** AWS IoT waits five seconds; who can't tell by then refuses, and the truck tries again. */
const client = new DynamoDBClient({
  maxAttempts: 3,
  requestHandler: { connectionTimeout: 500, requestTimeout: 1000 },
});

/**
 * AWS IoT asks before it provisions a truck ("Pre-provisioning hooks" in the developer guide). Allowed is what is on the list, has claims left, and is of
 * no depot that there isn't; each one takes one, in the same write that looks, so that two trucks of one serial number never get in by one claim, and a
 * slip of the pen in a depot's name costs none.
 */
export async function handler(event: unknown): Promise<HookAnswer> {
  const claim = claimsOf(event);
  if (claim === undefined) return refuse('what was sent has no serial number that could be one');
  try {
    const { ALLOW_LIST, STAGE, DEPOTS } = process.env;
    if (STAGE === undefined || DEPOTS === undefined) throw new Error('STAGE and DEPOTS are not set');
    const { Attributes } = await client.send(takeClaim(claim, ALLOW_LIST, JSON.parse(DEPOTS)));
    const groups = {
      RingGroup: ringGroupOf(Attributes?.ring?.S, STAGE),
      DepotGroup: depotGroupOf(Attributes?.depot?.S, STAGE),
    };
    console.log(JSON.stringify({ allowed: true, serial: claim.serial, certificate: claim.certificateId, ...groups }));
    return { allowProvisioning: true, parameterOverrides: { SerialNumber: claim.serial, ...groups } };
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException)
      return refuse('it is not on the allow-list, has no claims left, or is of a depot that there is not', claim);
    return refuse(`the allow-list could not be asked: ${(error as Error).message}`, claim);
  }
}

function takeClaim(
  { serial, certificateId, at }: Claim,
  TableName: string | undefined,
  depots: readonly string[],
): UpdateItemCommand {
  const known = Object.fromEntries(depots.map((depot, index) => [`:depot${index}`, { S: depot }]));
  const ofKnown = depots.length === 0 ? '' : ` OR depot IN (${Object.keys(known).join(', ')})`;
  return new UpdateItemCommand({
    TableName,
    Key: { serial: { S: serial } },
    ConditionExpression: `attribute_exists(serial) AND claimsLeft > :none AND (attribute_not_exists(depot)${ofKnown})`,
    UpdateExpression: 'SET claimsLeft = claimsLeft - :one, certificateId = :certificate, provisionedAt = :at',
    ExpressionAttributeValues: {
      ':none': { N: '0' },
      ':one': { N: '1' },
      ':certificate': { S: certificateId },
      ':at': { S: at },
      ...known,
    },
    ReturnValues: 'ALL_NEW',
  });
}

function refuse(why: string, claim?: Claim): HookAnswer {
  console.log(JSON.stringify({ allowed: false, why, serial: claim?.serial, certificate: claim?.certificateId }));
  return { allowProvisioning: false };
}
