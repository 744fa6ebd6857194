import { jsonBytes, SHADOW_BYTES, SHADOW_DEPTH, shadowDepth } from '../../../lib/shadow/limits.ts';

type Section = Record<string, unknown>;
const isMap = (value: unknown): value is Section =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isNothing = (value: unknown) => value === null || (isMap(value) && Object.keys(value).length === 0);

/** What a shadow's section is after an update, by the rules of ShadowManager's JsonMerger, written anew: null and {} delete, lists replace. */
export function updated(section: unknown, update: unknown): Section {
  const result: Section = { ...(isMap(section) ? section : {}) };
  for (const [key, value] of Object.entries(isMap(update) ? update : {})) {
    if (isNothing(value)) delete result[key];
    else if (isMap(value)) {
      const inner = updated(result[key], value);
      if (isNothing(inner)) delete result[key];
      else result[key] = inner;
    } else result[key] = value;
  }
  return result;
}

/** Would the service take a shadow with these sections? */
export function expectTaken(desired: unknown, reported: unknown): void {
  const bytes = [desired, reported].filter((section) => section !== undefined).map(jsonBytes);
  expect(bytes.reduce((sum, more) => sum + more, 0)).toBeLessThanOrEqual(SHADOW_BYTES);
  expect(Math.max(shadowDepth(desired), shadowDepth(reported))).toBeLessThanOrEqual(SHADOW_DEPTH);
}
