import { isObject, type Json, type JsonObject, member, objectOf } from './json.ts';

/**
 * A state after a patch: objects are merged key by key, null deletes a key, whatever else is given replaces what was there, arrays
 * whole (developer guide, "Device Shadow service documents"). Objects that come to nothing are left out.
 */
export function merge(state: JsonObject | undefined, patch: JsonObject): JsonObject | undefined {
  const keys = new Set([...Object.keys(state ?? {}), ...Object.keys(patch)]);
  const merged = objectOf([...keys].map((key) => [key, mergeMember(member(state, key), member(patch, key))]));
  return Object.keys(merged).length === 0 ? undefined : merged;
}

function mergeMember(old: Json | undefined, patch: Json | undefined): Json | undefined {
  if (patch === undefined) return old;
  if (patch === null) return undefined;
  return isObject(patch) ? merge(isObject(old) ? old : undefined, patch) : patch;
}
