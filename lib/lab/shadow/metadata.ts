import { isObject, type Json, type JsonObject, member, objectOf } from './json.ts';

/** For each value of a state, an array's elements too, when it was last written: `{ timestamp }`, in seconds since 1970. */
export function stamp(value: Json, at: number): Json {
  if (Array.isArray(value)) return value.map((element: Json) => stamp(element, at));
  if (!isObject(value)) return { timestamp: at };
  return objectOf(Object.entries(value).map(([key, inner]) => [key, stamp(inner, at)]));
}

/** The metadata of a state after a patch: new for what the patch wrote, even if it wrote the same; old for the rest. */
export function restamp(state: JsonObject, patch: JsonObject, old: Json | undefined, at: number): JsonObject {
  return objectOf(
    Object.entries(state).map(([key, value]) => {
      const written = member(patch, key);
      if (written === undefined) return [key, member(old, key)];
      if (isObject(value) && isObject(written)) return [key, restamp(value, written, member(old, key), at)];
      return [key, stamp(value, at)];
    }),
  );
}

/** The part of a state's metadata that belongs to a part of the state. */
export function metadataOf(part: JsonObject, metadata: Json | undefined): JsonObject {
  return objectOf(
    Object.entries(part).map(([key, value]) => {
      const known = member(metadata, key);
      return [key, isObject(value) ? metadataOf(value, known) : known];
    }),
  );
}
