import { ConditionalCheckFailedException, type DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import {
  AttachPolicyCommand,
  CreateKeysAndCertificateCommand,
  DescribeEndpointCommand,
  DescribeThingGroupCommand,
  type IoTClient,
} from '@aws-sdk/client-iot';
import { allowListTable, claimPolicyName, depotGroup } from '../../../fleet/names.ts';
import { CloudError, isCloudError } from '../../truck/cloud.ts';
import { cloudErrorOf } from '../../truck/rest-shadows.ts';
import type { FleetTrucks } from '../cloud.ts';
import { asked } from './index-search.ts';

/** Trucks that may provision themselves, and what they need for it. */
export function fleetTrucks(iot: IoTClient, dynamo: DynamoDBClient, stage: string): FleetTrucks {
  return {
    hasDepot: async (name) => {
      try {
        await asked(iot.send(new DescribeThingGroupCommand({ thingGroupName: depotGroup(stage, name) })));
        return true;
      } catch (error) {
        if (isCloudError(error) && error.kind === 'not-found') return false;
        throw error;
      }
    },
    allow: async (serial, { ring, depot }) => {
      const command = new PutItemCommand({
        TableName: allowListTable(stage),
        Item: {
          serial: { S: serial },
          ring: { S: ring },
          ...(depot !== undefined && { depot: { S: depot } }),
          claimsLeft: { N: '1' },
          addedAt: { S: new Date().toISOString() },
        },
        ConditionExpression: 'attribute_not_exists(#key)',
        ExpressionAttributeNames: { '#key': 'serial' },
      });
      try {
        await dynamo.send(command);
        return true;
      } catch (error) {
        if (error instanceof ConditionalCheckFailedException) return false;
        throw cloudErrorOf(error);
      }
    },
    newClaim: async () => {
      const made = await asked(iot.send(new CreateKeysAndCertificateCommand({ setAsActive: true })));
      const { certificateArn: target, certificatePem: certificate, keyPair } = made;
      const privateKey = keyPair?.PrivateKey;
      if (target === undefined || certificate === undefined || privateKey === undefined)
        throw new CloudError('refused', 'the cloud gives no certificate');
      await asked(iot.send(new AttachPolicyCommand({ policyName: claimPolicyName(stage), target })));
      return { certificate, privateKey };
    },
    endpoints: async () => ({
      region: await iot.config.region(),
      data: await endpoint(iot, 'iot:Data-ATS'),
      credentials: await endpoint(iot, 'iot:CredentialProvider'),
    }),
  };
}

async function endpoint(iot: IoTClient, endpointType: string): Promise<string> {
  const { endpointAddress } = await asked(iot.send(new DescribeEndpointCommand({ endpointType })));
  if (endpointAddress === undefined)
    throw new CloudError('refused', `the cloud has no endpoint of type ${endpointType}`);
  return endpointAddress;
}
