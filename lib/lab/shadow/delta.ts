import { isDeepStrictEqual } from 'node:util';
import { isObject, type Json, type JsonObject, member, objectOf } from './json.ts';

/**
 * What is desired and not reported: the desired values, wherever reported has another or none. What is reported without being
 * desired is no difference. undefined: nothing to do.
 */
export function delta(desired: JsonObject | undefined, reported: JsonObject | undefined): JsonObject | undefined {
  const differing = objectOf(
    Object.keys(desired ?? {}).map((key) => [key, deltaMember(member(desired, key), member(reported, key))]),
  );
  return Object.keys(differing).length === 0 ? undefined : differing;
}

function deltaMember(desired: Json | undefined, reported: Json | undefined): Json | undefined {
  if (isObject(desired) && isObject(reported)) return delta(desired, reported);
  return desired === reported || isDeepStrictEqual(desired, reported) ? undefined : desired;
}
