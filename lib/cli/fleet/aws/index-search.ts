import {
  GetBucketsAggregationCommand,
  GetStatisticsCommand,
  type IoTClient,
  paginateListThingsInThingGroup,
  SearchIndexCommand,
  type ThingDocument,
} from '@aws-sdk/client-iot';
import type { Shadow } from '../../truck/cloud.ts';
import { cloudErrorOf } from '../../truck/rest-shadows.ts';
import type { FleetIndex, FleetShadows, IndexedTruck } from '../cloud.ts';

/** The most that a page may have (API reference, SearchIndex, ListThingsInThingGroup, TermsAggregation). */
const SEARCH_PAGE = 100;
const GROUP_PAGE = 250;
const BUCKETS = 10_000;

export function fleetIndex(iot: IoTClient): FleetIndex {
  return {
    count: async (queryString) => {
      const { statistics } = await asked(iot.send(new GetStatisticsCommand({ queryString })));
      return statistics?.count ?? 0;
    },
    tally: async (queryString, aggregationField) => {
      const bucketsAggregationType = { termsAggregation: { maxBuckets: BUCKETS } };
      const command = new GetBucketsAggregationCommand({ queryString, aggregationField, bucketsAggregationType });
      const { buckets = [] } = await asked(iot.send(command));
      return new Map(buckets.map(({ keyValue = '', count = 0 }) => [keyValue, count]));
    },
    search: (queryString) => search(iot, queryString),
  };
}

async function* search(iot: IoTClient, queryString: string): AsyncGenerator<IndexedTruck> {
  let nextToken: string | undefined;
  do {
    const page = await asked(iot.send(new SearchIndexCommand({ queryString, maxResults: SEARCH_PAGE, nextToken })));
    for (const document of page.things ?? []) yield truckOf(document);
    nextToken = page.nextToken;
  } while (nextToken !== undefined);
}

export async function* trucksIn(iot: IoTClient, thingGroupName: string): ReturnType<FleetShadows['trucksIn']> {
  const pages = paginateListThingsInThingGroup(
    { client: iot, pageSize: GROUP_PAGE },
    { thingGroupName, recursive: true },
  );
  try {
    for await (const { things = [] } of pages) yield* things;
  } catch (error) {
    throw cloudErrorOf(error);
  }
}

/** @throws CloudError */
export async function asked<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    throw cloudErrorOf(error);
  }
}

function truckOf({ thingName = '', thingGroupNames = [], shadow, connectivity }: ThingDocument): IndexedTruck {
  const named = shadowsIn(shadow);
  return {
    ...{ thing: thingName, groups: thingGroupNames },
    ...(connectivity?.connected !== undefined && { connected: connectivity.connected }),
    ...{ network: named.network ?? null, isolation: named.isolation ?? null },
  };
}

/** The index has shadows as JSON in a string. */
function shadowsIn(text: string | undefined): { readonly [name: string]: Shadow | undefined } {
  if (text === undefined) return {};
  const { name = {} } = JSON.parse(text) as { readonly name?: Readonly<Record<string, Shadow>> };
  return name;
}
