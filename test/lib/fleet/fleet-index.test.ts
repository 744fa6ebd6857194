import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ThingIndexingConfiguration } from '@aws-sdk/client-iot';
import { mergeIndexing } from '../../../lib/fleet/insight/merge-indexing.ts';
import { CONDITION_NAMES, truckQuery } from '../../../lib/fleet/insight/truck-queries.ts';

const OTHERS: ThingIndexingConfiguration = {
  thingIndexingMode: 'REGISTRY_AND_SHADOW',
  thingConnectivityIndexingMode: 'OFF',
  deviceDefenderIndexingMode: 'VIOLATIONS',
  namedShadowIndexingMode: 'ON',
  managedFields: [{ name: 'thingName', type: 'String' }],
  customFields: [{ name: 'attributes.depot', type: 'String' }],
  filter: { namedShadowNames: ['pump'], geoLocations: [{ name: 'shadow.reported.at', order: 'LatLon' }] },
};

test('what others have asked of the index stays, and ours comes beside', () => {
  const merged = mergeIndexing(OTHERS);
  expect(merged).toMatchObject({
    thingIndexingMode: 'REGISTRY_AND_SHADOW',
    thingConnectivityIndexingMode: 'STATUS',
    deviceDefenderIndexingMode: 'VIOLATIONS',
    filter: { namedShadowNames: ['pump', 'network', 'isolation'], geoLocations: OTHERS.filter?.geoLocations },
  });
  expect(merged.customFields?.map(({ name }) => name)).toContain('attributes.depot');
  // What the service manages it doesn't take back.
  expect(merged).not.toHaveProperty('managedFields');
});

test('a second time changes nothing', () => {
  const once = mergeIndexing(OTHERS);
  expect(mergeIndexing(once)).toEqual(once);
});

test('an index that is off is switched on; one that is full is left alone, and said so', () => {
  expect(mergeIndexing(undefined).thingIndexingMode).toBe('REGISTRY');
  const full = { ...OTHERS, filter: { namedShadowNames: Array.from({ length: 9 }, (_, index) => `s${index}`) } };
  expect(() => mergeIndexing(full)).toThrow('11 named shadows');
  const fields = Array.from({ length: 3 }, (_, index) => ({ name: `attributes.a${index}`, type: 'String' as const }));
  expect(() => mergeIndexing({ ...OTHERS, customFields: fields })).toThrow('6 custom fields');
});

test('the queries of dynamic groups are as short as they have to be', () => {
  for (const name of CONDITION_NAMES) expect(truckQuery('s'.repeat(16), name).length).toBeLessThanOrEqual(1000);
});

describe('the function that CloudFormation calls', () => {
  const said: { method: string | undefined; url: string | undefined; body: string }[] = [];
  let refused = false;
  let server: Server;
  let url: string;
  beforeAll(async () => {
    server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        said.push({ method: request.method, url: request.url, body: Buffer.concat(chunks).toString() });
        const answer = (body: object) =>
          response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
        if (request.url === '/response') return answer({});
        if (refused)
          return response
            .writeHead(403, { 'content-type': 'application/json', 'x-amzn-errortype': 'UnauthorizedException' })
            .end(JSON.stringify({ message: 'not allowed' }));
        if (request.url === '/indexing/config' && request.method === 'GET')
          return answer({ thingIndexingConfiguration: OTHERS });
        if (request.url?.startsWith('/indices/')) return answer({ indexName: 'AWS_Things', indexStatus: 'ACTIVE' });
        return answer({});
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    Object.assign(process.env, {
      AWS_ENDPOINT_URL: url,
      AWS_REGION: 'eu-central-1',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
    });
  });
  afterAll(() => server.close());
  beforeEach(() => {
    said.length = 0;
    refused = false;
  });
  const call = async (RequestType: 'Create' | 'Delete') => {
    const { handler } = await import('../../../lib/fleet/insight/fleet-index.lambda.ts');
    await handler({
      RequestType,
      ResponseURL: `${url}/response`,
      StackId: 's',
      RequestId: 'r',
      LogicalResourceId: 'l',
    });
    return JSON.parse(said.at(-1)?.body ?? '') as object;
  };

  test('reads, merges, writes, waits, and says so', async () => {
    expect(await call('Create')).toMatchObject({ Status: 'SUCCESS', PhysicalResourceId: 'AWS_Things', RequestId: 'r' });
    const written = said.find(({ method, url: path }) => path === '/indexing/config' && method === 'POST');
    expect(JSON.parse(written?.body ?? '')).toEqual({ thingIndexingConfiguration: mergeIndexing(OTHERS) });
  });

  test('changes nothing when the stack goes', async () => {
    expect(await call('Delete')).toMatchObject({ Status: 'SUCCESS' });
    expect(said).toHaveLength(1);
  });

  test('says why it could not', async () => {
    refused = true;
    expect(await call('Create')).toMatchObject({ Status: 'FAILED', Reason: 'fleet indexing: not allowed' });
  });
});
