import {
  AddThingToThingGroupCommand,
  CreateThingCommand,
  CreateThingGroupCommand,
  DescribeThingCommand,
  GetBucketsAggregationCommand,
  GetStatisticsCommand,
  IoTClient,
  ListThingsInThingGroupCommand,
  paginateListThings,
  SearchIndexCommand,
} from '@aws-sdk/client-iot';
import { GetObjectCommand, paginateListObjectsV2, S3Client } from '@aws-sdk/client-s3';
import fc from 'fast-check';
import { fleetGroup, INDEX_FIELDS } from '../../../../../lib/fleet/names.ts';
import { pageOf } from '../../../../../lib/lab/cloud/account/page.ts';
import { Endpoint, useLabCredentials } from './endpoint.ts';

/** AWS's own client against the lab's account. */
jest.setTimeout(60_000);
useLabCredentials();
let endpoint: Endpoint;
let iot: IoTClient;
beforeEach(async () => {
  endpoint = await Endpoint.start();
  iot = new IoTClient({ endpoint: endpoint.url, maxAttempts: 1 });
});
afterEach(async () => {
  iot.destroy();
  await endpoint.end();
});

describe('things', () => {
  test('are made, described, and made again without effect, but never another of the same name', async () => {
    const attributePayload = { attributes: { depot: 'ulm' } };
    const made = await iot.send(new CreateThingCommand({ thingName: 'truck-1', attributePayload }));
    expect(made).toMatchObject({ thingName: 'truck-1', thingArn: expect.stringContaining(':thing/truck-1') });
    expect(await iot.send(new DescribeThingCommand({ thingName: 'truck-1' }))).toMatchObject({
      ...{ thingId: made.thingId, version: 1, attributes: { depot: 'ulm' } },
    });
    const again = await iot.send(new CreateThingCommand({ thingName: 'truck-1', attributePayload }));
    expect(again.thingId).toBe(made.thingId);
    await expect(iot.send(new CreateThingCommand({ thingName: 'truck-1' }))).rejects.toMatchObject({
      name: 'ResourceAlreadyExistsException',
      $metadata: { httpStatusCode: 409 },
    });
  });

  test.each([
    ['a name with a blank', { thingName: 'truck 1' }, 'InvalidRequestException', /thingName/],
    ['a name that is too long', { thingName: 'x'.repeat(129) }, 'InvalidRequestException', /thingName/],
    [
      'more attributes than it may have',
      { thingName: 't', attributePayload: { attributes: { a: '1', b: '2', c: '3', d: '4' } } },
      'InvalidRequestException',
      /3 attributes/,
    ],
  ])('with %s are refused', async (_what, input, name, message) => {
    await expect(iot.send(new CreateThingCommand(input))).rejects.toMatchObject({
      ...{ name, message: expect.stringMatching(message) },
    });
  });

  test('and groups that there aren’t are not found', async () => {
    const thing = iot.send(new DescribeThingCommand({ thingName: 'nobody' }));
    await expect(thing).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
    const group = iot.send(new ListThingsInThingGroupCommand({ thingGroupName: 'nobody' }));
    await expect(group).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });

  test('by the thousand come page by page, each once', async () => {
    for (let index = 0; index < 2500; index++) await endpoint.truck(`truck-${index}`, 'fleet');
    const names: (string | undefined)[] = [];
    let pages = 0;
    for await (const page of paginateListThings({ client: iot, pageSize: 250 }, {})) {
      names.push(...(page.things ?? []).map(({ thingName }) => thingName));
      pages++;
    }
    expect([pages, names.length, new Set(names).size]).toEqual([10, 2500, 2500]);
  });

  test('with a token of somebody else’s are not listed', async () => {
    const search = new SearchIndexCommand({ queryString: '*', nextToken: 'c3RyYW5nZQ' });
    await expect(iot.send(search)).rejects.toMatchObject({
      ...{ name: 'InvalidRequestException', message: 'Invalid next token' },
    });
  });
});

describe('groups', () => {
  test('hold things, those of the groups below them when that is asked for', async () => {
    await iot.send(new CreateThingGroupCommand({ thingGroupName: 'depot-ulm', parentGroupName: fleetGroup('lab') }));
    await iot.send(new CreateThingCommand({ thingName: 'truck-1' }));
    await iot.send(new AddThingToThingGroupCommand({ thingGroupName: 'depot-ulm', thingName: 'truck-1' }));
    const list = async (recursive: boolean) =>
      (await iot.send(new ListThingsInThingGroupCommand({ thingGroupName: fleetGroup('lab'), recursive }))).things;
    expect([await list(false), await list(true)]).toEqual([[], ['truck-1']]);
  });
});

describe('the fleet index', () => {
  beforeEach(async () => {
    await endpoint.truck('truck-1', 'canary', { isolation: { verdict: 'isolated' } });
    await endpoint.truck('truck-2', 'canary', { isolation: { verdict: 'breached' } });
    await endpoint.truck('truck-3', 'early', { isolation: { verdict: 'isolated' } });
    await endpoint.truck('truck-4', 'early');
  });

  test('finds things by what they reported, with their shadows as JSON', async () => {
    const queryString = `${INDEX_FIELDS.verdict}:breached`;
    const { things, nextToken } = await iot.send(new SearchIndexCommand({ queryString }));
    expect(nextToken).toBeUndefined();
    expect(things).toMatchObject([
      { thingName: 'truck-2', thingGroupNames: ['firebreak-lab-ring-canary', 'firebreak-lab-depots'] },
    ]);
    expect(JSON.parse(things?.[0]?.shadow ?? '')).toMatchObject({
      name: { isolation: { reported: { verdict: 'breached' }, version: 1, hasDelta: false } },
    });
  });

  test('counts, and counts by value', async () => {
    const { statistics } = await iot.send(new GetStatisticsCommand({ queryString: '*' }));
    expect(statistics?.count).toBe(4);
    const buckets = await iot.send(
      new GetBucketsAggregationCommand({
        ...{ queryString: '*', aggregationField: INDEX_FIELDS.verdict },
        bucketsAggregationType: { termsAggregation: {} },
      }),
    );
    expect(buckets).toMatchObject({
      totalCount: 4,
      buckets: [
        { keyValue: 'isolated', count: 2 },
        { keyValue: 'breached', count: 1 },
      ],
    });
  });

  test.each([
    ['a query that can’t be read', { queryString: 'a:(' }, 'InvalidQueryException'],
    [
      'a field that is no custom field',
      { queryString: '*', aggregationField: 'attributes.x' },
      'InvalidAggregationException',
    ],
    ['an index that there isn’t', { queryString: '*', indexName: 'Nothing' }, 'ResourceNotFoundException'],
    ['no query', { queryString: '' }, 'InvalidRequestException'],
  ])('refuses %s', async (_what, input, name) => {
    await expect(iot.send(new GetStatisticsCommand(input))).rejects.toMatchObject({ name });
  });
});

test('what is asked too often is throttled, and AWS’s client tries again', async () => {
  const slow = await Endpoint.start({ GetStatistics: 2 });
  const patient = new IoTClient({ endpoint: slow.url, maxAttempts: 10 });
  const count = () => patient.send(new GetStatisticsCommand({ queryString: '*' }));
  const counted = await Promise.all(Array.from({ length: 5 }, count));
  expect(counted.map(({ statistics }) => statistics?.count)).toEqual([0, 0, 0, 0, 0]);
  expect(slow.requests.filter(({ status }) => status === 429).length).toBeGreaterThan(0);
  patient.destroy();
  await slow.end();
});

test('objects of a bucket are listed page by page, and read as they were put', async () => {
  const names = Array.from({ length: 1010 }, (_, index) => `a/${index} & <more>`);
  const objects = names.map((name): [string, Buffer] => [name, Buffer.from(`of ${name}`)]);
  endpoint.account.buckets.set('bucket', new Map([...objects, ['b/other', Buffer.alloc(0)]]));
  const s3 = new S3Client({ endpoint: endpoint.url, forcePathStyle: true });
  const found: (string | undefined)[] = [];
  const pages: number[] = [];
  for await (const { Contents = [] } of paginateListObjectsV2({ client: s3 }, { Bucket: 'bucket', Prefix: 'a/' })) {
    found.push(...Contents.map(({ Key }) => Key));
    pages.push(Contents.length);
  }
  expect(pages).toEqual([1000, 10]);
  expect(new Set(found)).toEqual(new Set(names));
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: 'bucket', Key: 'a/7 & <more>' }));
  expect(await Body?.transformToString()).toBe('of a/7 & <more>');
  const missing = s3.send(new GetObjectCommand({ Bucket: 'bucket', Key: 'nothing' }));
  await expect(missing).rejects.toMatchObject({ name: 'NoSuchKey' });
  s3.destroy();
});

test('no request without a signature', async () => {
  expect((await fetch(`${endpoint.url}/things`)).status).toBe(403);
});

test('pages hold everything once, whatever comes and goes between them', () => {
  const names = fc.uniqueArray(fc.stringMatching(/^[a-z]{1,4}$/), { maxLength: 30 });
  fc.assert(
    fc.property(names, names, fc.integer({ min: 1, max: 7 }), (stay, come, size) => {
      const seen: string[] = [];
      let token: string | undefined;
      let round = 0;
      do {
        const present = [...new Set([...stay, ...come.slice(0, round)])].sort();
        const page = pageOf(present, (name) => name, { size, token });
        expect(page.items.length).toBeLessThanOrEqual(size);
        seen.push(...page.items);
        token = page.nextToken;
        round++;
      } while (token !== undefined);
      expect(new Set(seen).size).toBe(seen.length);
      for (const name of stay) expect(seen).toContain(name);
    }),
  );
});
