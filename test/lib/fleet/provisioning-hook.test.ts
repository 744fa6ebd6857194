import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** As "Pre-provisioning hooks" of the AWS IoT developer guide has it. */
const EVENT = {
  claimCertificateId: 'claim',
  certificateId: 'certificate-1',
  certificatePem: '-----BEGIN CERTIFICATE-----',
  templateArn: 'arn:aws:iot:eu-central-1:123456789012:provisioningtemplate/firebreak-test-truck',
  clientId: '221a6d10-9c7f-42f1-9153-e52e6fc869c1',
  parameters: { SerialNumber: 'FT-0007' },
};
type Item = Record<string, { S?: string; N?: string }>;

const items = new Map<string, Item>();
let broken = false;
let server: Server;
let handler: (event: unknown) => Promise<unknown>;

/** UpdateItem of DynamoDB, as far as the hook's conditions and values go. */
beforeAll(async () => {
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const answer = (status: number, body: object) =>
        response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' }).end(JSON.stringify(body));
      if (broken) return answer(400, { __type: 'com.amazon.coral.service#AccessDeniedException', message: 'no' });
      expect(request.headers['x-amz-target']).toBe('DynamoDB_20120810.UpdateItem');
      const body = JSON.parse(Buffer.concat(chunks).toString());
      expect(body.TableName).toBe('allow-list');
      const item = items.get(body.Key.serial.S);
      const left = Number(item?.claimsLeft?.N ?? 0);
      expect(body.ConditionExpression).toBe(
        'attribute_exists(serial) AND claimsLeft > :none AND (attribute_not_exists(depot) OR depot IN (:depot0, :depot1))',
      );
      const { ':depot0': first, ':depot1': second } = body.ExpressionAttributeValues;
      const isElsewhere = item?.depot !== undefined && ![first.S, second.S].includes(item.depot.S);
      if (item === undefined || left <= 0 || isElsewhere)
        return answer(400, {
          __type: 'com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException',
          message: 'The conditional request failed',
        });
      item.claimsLeft = { N: String(left - 1) };
      item.certificateId = body.ExpressionAttributeValues[':certificate'];
      return answer(200, { Attributes: item });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  Object.assign(process.env, {
    AWS_ENDPOINT_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    AWS_REGION: 'eu-central-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    ALLOW_LIST: 'allow-list',
    STAGE: 'test',
    DEPOTS: JSON.stringify(['north', 'south']),
  });
  ({ handler } = await import('../../../lib/fleet/identity/provisioning-hook.lambda.ts'));
  jest.spyOn(console, 'log').mockImplementation(() => undefined);
});
afterAll(() => server.close());
beforeEach(() => {
  items.clear();
  broken = false;
});

test('a truck on the allow-list is let in, once for each claim, into the ring that the list says', async () => {
  items.set('FT-0007', { serial: { S: 'FT-0007' }, claimsLeft: { N: '1' }, ring: { S: 'canary' } });
  expect(await handler(EVENT)).toEqual({
    allowProvisioning: true,
    parameterOverrides: {
      ...{ SerialNumber: 'FT-0007', RingGroup: 'firebreak-test-ring-canary' },
      DepotGroup: 'firebreak-test-depots',
    },
  });
  expect(items.get('FT-0007')?.certificateId).toEqual({ S: 'certificate-1' });
  expect(await handler(EVENT)).toEqual({ allowProvisioning: false });
});

test('a ring that the truck itself names, or that there isn’t, counts for nothing', async () => {
  items.set('FT-0007', { serial: { S: 'FT-0007' }, claimsLeft: { N: '2' } });
  const asking = { ...EVENT, parameters: { ...EVENT.parameters, RingGroup: 'ring-canary', DepotGroup: 'x' } };
  expect(await handler(asking)).toMatchObject({
    parameterOverrides: { RingGroup: 'firebreak-test-ring-fleet', DepotGroup: 'firebreak-test-depots' },
  });
  items.set('FT-0007', { serial: { S: 'FT-0007' }, claimsLeft: { N: '2' }, ring: { S: 'moon' } });
  expect(await handler(EVENT)).toMatchObject({ parameterOverrides: { RingGroup: 'firebreak-test-ring-fleet' } });
});

test('a truck joins the depot that the list says; of one that there isn’t it is refused, and keeps its claim', async () => {
  items.set('FT-0007', { serial: { S: 'FT-0007' }, claimsLeft: { N: '1' }, depot: { S: 'noth' } });
  expect(await handler(EVENT)).toEqual({ allowProvisioning: false });
  expect(items.get('FT-0007')?.claimsLeft).toEqual({ N: '1' });
  items.set('FT-0007', { serial: { S: 'FT-0007' }, claimsLeft: { N: '1' }, depot: { S: 'south' } });
  expect(await handler(EVENT)).toMatchObject({ parameterOverrides: { DepotGroup: 'firebreak-test-depot-south' } });
});

test.each([
  ['that is not on the list', EVENT],
  ['without a serial number', { ...EVENT, parameters: {} }],
  ['whose serial number would be a wildcard in its policy', { ...EVENT, parameters: { SerialNumber: 'FT-*' } }],
  ['whose serial number would end the policy’s text', { ...EVENT, parameters: { SerialNumber: 'a","b' } }],
  ['without parameters', { certificateId: 'c' }],
  ['that sends nothing', null],
])('a truck %s is refused', async (_, event) => {
  items.set('FT-*', { serial: { S: 'FT-*' }, claimsLeft: { N: '9' } });
  expect(await handler(event)).toEqual({ allowProvisioning: false });
});

test('if the list can’t be asked, nobody is let in', async () => {
  items.set('FT-0007', { serial: { S: 'FT-0007' }, claimsLeft: { N: '1' } });
  broken = true;
  expect(await handler(EVENT)).toEqual({ allowProvisioning: false });
});
