import { isDeepStrictEqual } from 'node:util';
import { isObject, type Json, type JsonObject, member, objectOf } from '../../shadow/json.ts';
import type { State } from './store.ts';

/** A patch for an update of a shadow: null takes away. */
export interface StatePatch {
  readonly desired?: JsonObject | null;
  readonly reported?: JsonObject | null;
}

/**
 * What two sides that changed the same state come to, given what it was before. What only one changed is taken from there; what both changed goes
 * after the owner: the device of what is reported, the cloud of what is desired.
 */
export function mergeStates(local: State, cloud: State, base: State): State {
  const reported = mergeSides(local.reported, cloud.reported, base.reported, 'local');
  const desired = mergeSides(local.desired, cloud.desired, base.desired, 'cloud');
  return { ...(isObject(desired) && { desired }), ...(isObject(reported) && { reported }) };
}

function mergeSides(
  local: Json | undefined,
  cloud: Json | undefined,
  base: Json | undefined,
  owner: 'local' | 'cloud',
): Json | undefined {
  if (isDeepStrictEqual(local, cloud)) return local;
  if (isObject(local) && isObject(cloud)) {
    const keys = new Set([...Object.keys(local), ...Object.keys(cloud)]);
    return objectOf(
      [...keys].map((key) => [key, mergeSides(member(local, key), member(cloud, key), member(base, key), owner)]),
    );
  }
  if (isDeepStrictEqual(local, base)) return cloud;
  if (isDeepStrictEqual(cloud, base)) return local;
  return owner === 'local' ? local : cloud;
}

/** The update that makes one state of another; undefined: they are the same. */
export function patchBetween(from: State, to: State): StatePatch | undefined {
  const patch: StatePatch = {
    ...section('desired', from.desired, to.desired),
    ...section('reported', from.reported, to.reported),
  };
  return Object.keys(patch).length === 0 ? undefined : patch;
}

function section(name: 'desired' | 'reported', from: JsonObject | undefined, to: JsonObject | undefined): StatePatch {
  if (isDeepStrictEqual(from, to)) return {};
  return { [name]: to === undefined ? null : difference(from ?? {}, to) };
}

function difference(from: JsonObject, to: JsonObject): JsonObject {
  const keys = new Set([...Object.keys(from), ...Object.keys(to)]);
  return objectOf([...keys].map((key) => [key, differenceOf(member(from, key), member(to, key))]));
}

function differenceOf(from: Json | undefined, to: Json | undefined): Json | undefined {
  if (isDeepStrictEqual(from, to)) return undefined;
  if (to === undefined) return null;
  // An object is only merged with an object: what else was there is replaced by what the patch says.
  return isObject(from) && isObject(to) ? difference(from, to) : to;
}
