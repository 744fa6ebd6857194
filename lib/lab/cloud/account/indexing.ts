import * as z from 'zod';
import { delta } from '../../shadow/delta.ts';
import { exists } from '../../shadow/shadow.ts';
import type { Thing } from './account.ts';
import { nextToken, operationsOf, paged, pageSize, type Surroundings, tokenIn } from './operation.ts';
import { type IndexedDocument, matcher, valuesAt } from './query/match.ts';
import { parseQuery } from './query/parse.ts';
import { QuerySyntaxError } from './query/tokens.ts';
import { refusals } from './refusal.ts';

const operation = operationsOf(refusals.invalid);
const INDEX = 'AWS_Things';
const Search = z.object({
  queryString: z.string().min(1),
  indexName: z.string().default(INDEX),
  queryVersion: z.literal('2017-09-30').default('2017-09-30'),
});
const aggregationField = z.string().min(1);
/** By which may be aggregated without a custom field (developer guide, "Managed fields"). */
const MANAGED = ['registry.version', 'registry.thingTypeName', 'connectivity.connected', 'connectivity.timestamp'];

/** Fleet indexing: search, counting, buckets (API reference of AWS IoT). */
export const indexOperations = [
  operation(
    'SearchIndex',
    'POST /indices/search',
    Search.extend({ maxResults: pageSize(100, 100), nextToken }),
    (input, surroundings) => {
      const found = search(input, surroundings);
      const page = paged(found, ({ thing }) => thing.name, { size: input.maxResults, token: input.nextToken });
      return { things: page.items.map(({ document }) => answered(document)), ...tokenIn(page) };
    },
  ),
  operation(
    'GetStatistics',
    'POST /indices/statistics',
    Search.extend({ aggregationField: aggregationField.default('registry.version') }),
    (input, surroundings) => {
      checkAggregation(input.aggregationField, surroundings);
      let count = 0;
      for (const { document } of search(input, surroundings)) {
        if (input.aggregationField === 'registry.version' || valuesAt(document, input.aggregationField).length > 0)
          count++;
      }
      return { statistics: { count } };
    },
  ),
  operation(
    'GetBucketsAggregation',
    'POST /indices/buckets',
    Search.extend({
      aggregationField,
      bucketsAggregationType: z.object({
        termsAggregation: z.object({ maxBuckets: z.int().min(1).max(10_000).default(10) }),
      }),
    }),
    (input, surroundings) => {
      checkAggregation(input.aggregationField, surroundings);
      const counts = new Map<string, number>();
      let totalCount = 0;
      for (const { document } of search(input, surroundings)) {
        totalCount++;
        for (const value of valuesAt(document, input.aggregationField)) counts.set(value, (counts.get(value) ?? 0) + 1);
      }
      const buckets = [...counts].map(([keyValue, count]) => ({ keyValue, count }));
      buckets.sort((a, b) => b.count - a.count || (a.keyValue < b.keyValue ? -1 : 1));
      return { totalCount, buckets: buckets.slice(0, input.bucketsAggregationType.termsAggregation.maxBuckets) };
    },
  ),
  operation('GetIndexingConfiguration', 'GET /indexing/config', z.object({}), (_input, { account }) => ({
    thingIndexingConfiguration: {
      thingIndexingMode: 'REGISTRY_AND_SHADOW',
      thingConnectivityIndexingMode: 'STATUS',
      namedShadowIndexingMode: 'ON',
      filter: { namedShadowNames: ['network', 'isolation'] },
      customFields: [...account.customFields].map((name) => ({ name, type: 'String' })),
    },
  })),
];

/** Things in the order of their names, each only when it is asked for. @throws Refusal */
function search(
  { queryString, indexName }: z.infer<typeof Search>,
  surroundings: Surroundings,
): Iterable<{ readonly thing: Thing; readonly document: IndexedDocument }> {
  if (indexName !== INDEX) throw refusals.notFound(`Index ${indexName}`);
  const isWanted = matcherOf(queryString);
  return (function* () {
    for (const thing of surroundings.account.things.values()) {
      const document = documentOf(thing, surroundings);
      if (isWanted(document)) yield { thing, document };
    }
  })();
}

function matcherOf(queryString: string) {
  try {
    return matcher(parseQuery(queryString));
  } catch (error) {
    if (error instanceof QuerySyntaxError) throw refusals.invalidQuery(`Invalid query: ${error.message}`);
    throw error;
  }
}

function checkAggregation(field: string, { account }: Surroundings): void {
  if (!MANAGED.includes(field) && !account.customFields.has(field))
    throw refusals.invalidAggregation(`${field} is neither a managed field nor a custom field`);
}

/** What is indexed of a thing, in the places that the developer guide gives its fields. */
function documentOf(thing: Thing, { shadowsOf, account }: Surroundings): IndexedDocument {
  const connectivity = account.connectivity.get(thing.name);
  const name: Record<string, object> = {};
  for (const [shadow, document] of shadowsOf(thing.name)) {
    if (!exists(document)) continue;
    const { desired, reported } = document.state;
    const hasDelta = delta(desired, reported) !== undefined;
    name[shadow] = { ...document.state, metadata: document.metadata, hasDelta, version: document.version };
  }
  return {
    ...{ thingName: thing.name, thingId: thing.id, thingGroupNames: thing.groups, attributes: thing.attributes },
    ...(thing.type !== undefined && { thingTypeName: thing.type }),
    ...(Object.keys(name).length > 0 && { shadow: { name } }),
    ...(connectivity !== undefined && { connectivity }),
  };
}

/** As SearchIndex answers it: the shadows are JSON in a string. */
function answered({ shadow, ...document }: IndexedDocument): object {
  return { ...document, ...(shadow !== undefined && { shadow: JSON.stringify(shadow) }) };
}
