/** A component's configuration: what JSON can say. Every function here gives a new tree and leaves the old one alone. */
export type Tree = Readonly<Record<string, unknown>>;

export function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** undefined: there is nothing. */
export function valueAt(tree: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((at, key) => (isTree(at) && Object.hasOwn(at, key) ? at[key] : undefined), tree);
}

/** Maps are merged key by key; everything else, lists too, is replaced whole. */
export function merge(tree: Tree, value: Tree): Tree {
  const merged: Record<string, unknown> = { ...tree };
  for (const [key, item] of Object.entries(value)) {
    const old = Object.hasOwn(merged, key) ? merged[key] : undefined;
    set(merged, key, isTree(item) ? merge(isTree(old) ? old : {}, item) : item);
  }
  return merged;
}

/** What is already there stays: new defaults of a component's new version only fill gaps. */
export function fillGaps(tree: Tree, defaults: Tree): Tree {
  const filled: Record<string, unknown> = { ...tree };
  for (const [key, item] of Object.entries(defaults)) {
    if (!Object.hasOwn(filled, key)) set(filled, key, item);
    else if (isTree(item) && isTree(filled[key])) set(filled, key, fillGaps(filled[key], item));
  }
  return filled;
}

/** Merges at a path, making the maps that lead there. */
export function mergeAt(tree: Tree, path: readonly string[], value: unknown): Tree {
  const nested = path.reduceRight<unknown>((inner, key) => ({ [key]: inner }), value);
  return isTree(nested) ? merge(tree, nested) : tree;
}

/**
 * Puts paths back to their defaults, or takes them away where there is none.
 * @param pointers JSON Pointers (RFC 6901); "" is everything
 */
export function reset(tree: Tree, pointers: readonly string[], defaults: Tree): Tree {
  return pointers.reduce((at, pointer) => {
    const path = parsePointer(pointer);
    return path.length === 0 ? defaults : resetAt(at, path, valueAt(defaults, path));
  }, tree);
}

function resetAt(tree: Tree, [key, ...rest]: readonly string[], value: unknown): Tree {
  if (key === undefined) return tree;
  const changed: Record<string, unknown> = { ...tree };
  const old = Object.hasOwn(changed, key) ? changed[key] : undefined;
  if (rest.length > 0) {
    if (isTree(old)) set(changed, key, resetAt(old, rest, value));
    else if (value !== undefined) return mergeAt(tree, [key, ...rest], value);
  } else if (value === undefined) delete changed[key];
  else set(changed, key, value);
  return changed;
}

/** @throws Error unless it is a JSON Pointer (RFC 6901). */
export function parsePointer(pointer: string): string[] {
  if (pointer === '') return [];
  if (!pointer.startsWith('/')) throw new Error(`${pointer}: a JSON Pointer begins with /`);
  return pointer
    .slice(1)
    .split('/')
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** The paths of all leaves that differ: added, changed or gone. */
export function changedPaths(before: unknown, after: unknown, path: readonly string[] = []): string[][] {
  if (isTree(before) && isTree(after)) {
    const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
    return [...keys].flatMap((key) => changedPaths(valueAt(before, [key]), valueAt(after, [key]), [...path, key]));
  }
  return JSON.stringify(before) === JSON.stringify(after) ? [] : [[...path]];
}

/** Also where a key is `__proto__`. */
function set(map: Record<string, unknown>, key: string, value: unknown): void {
  Object.defineProperty(map, key, { value, enumerable: true, configurable: true, writable: true });
}
