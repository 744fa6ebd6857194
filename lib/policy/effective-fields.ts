import type { Merged, Origin } from './merge.ts';
import { isMap } from './plain.ts';
import type { Path } from './problem-path.ts';

/** One field of an effective policy: a value, or a list as a whole. */
export interface EffectiveField {
  readonly path: Path;
  /** undefined: the truck's patch removes it. */
  readonly value: unknown;
  readonly origin: Origin;
  /** What the baseline has there, if it is something else. */
  readonly was?: unknown;
}

/** All fields of an effective policy, and those that the truck does without, in the order of the documents. */
export function effectiveFields(baseline: unknown, { document, originOf }: Merged): readonly EffectiveField[] {
  const walk = (was: unknown, value: unknown, path: Path): readonly EffectiveField[] => {
    if (isMap(value)) return keysOf(was, value).flatMap((key) => walk(at(was, key), value[key], [...path, key]));
    const hasChanged = was !== undefined && JSON.stringify(was) !== JSON.stringify(value);
    return [{ path, value, origin: originOf(path), ...(hasChanged && { was }) }];
  };
  return walk(baseline, document, []);
}

function keysOf(was: unknown, value: Readonly<Record<string, unknown>>): readonly string[] {
  return [...new Set([...Object.keys(isMap(was) ? was : {}), ...Object.keys(value)])];
}

function at(value: unknown, key: string): unknown {
  return isMap(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}
