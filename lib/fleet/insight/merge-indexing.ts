import type { Field, ThingIndexingConfiguration } from '@aws-sdk/client-iot';
import { SHADOWS } from '../../shadow/names.ts';
import { INDEX_FIELDS } from '../names.ts';

/** AWS IoT's quotas, which can be raised; more than these is refused before it is sent. */
const MOST_SHADOWS = 10;
const MOST_FIELDS = 5;

/** What is aggregated by; everything else in the shadows can be searched for without being named. */
const FIELDS: readonly Field[] = Object.values(INDEX_FIELDS).map((name) => ({
  name,
  type: 'String',
}));

/**
 * The account's index with what trucks need, and all that others have asked of it: there is one in an account and region.
 * @throws Error if both don't go together
 */
export function mergeIndexing(current: ThingIndexingConfiguration | undefined): ThingIndexingConfiguration {
  const before = current ?? { thingIndexingMode: 'OFF' };
  const shadows = [...new Set([...(before.filter?.namedShadowNames ?? []), ...SHADOWS])];
  if (shadows.length > MOST_SHADOWS)
    throw new Error(`the account indexes ${shadows.length} named shadows with ours, and ${MOST_SHADOWS} are allowed`);
  const others = (before.customFields ?? []).filter(({ name }) => FIELDS.every((field) => field.name !== name));
  const fields = [...others, ...FIELDS];
  if (fields.length > MOST_FIELDS)
    throw new Error(`the account indexes ${fields.length} custom fields with ours, and ${MOST_FIELDS} are allowed`);
  const { managedFields: _, ...own } = before;
  return {
    ...own,
    thingIndexingMode: before.thingIndexingMode === 'OFF' ? 'REGISTRY' : before.thingIndexingMode,
    thingConnectivityIndexingMode: 'STATUS',
    namedShadowIndexingMode: 'ON',
    filter: { ...before.filter, namedShadowNames: shadows },
    customFields: fields,
  };
}
