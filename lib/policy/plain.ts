import { type Problem, pathText, quote, value as say } from './problems.ts';

/** A policy is 6 levels deep; whatever is much deeper is a mistake or an attack. */
const MAX_DEPTH = 16;
const MAX_VALUES = 1_000_000;
/** Keys through which data could reach into JavaScript's own objects. */
const FORBIDDEN_KEYS: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

/** A map as JSON knows it: an object that is nothing else besides. */
export function isMap(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/**
 * Is this value what JSON can say, in a sane size? It makes sure that the schema, which is recursive and trusting, can be let
 * loose on it. The walk keeps its own list of what is left to do, so that neither depth nor cycles can exhaust the stack.
 */
export function checkPlain(root: unknown): Problem[] {
  const problems: Problem[] = [];
  const todo: { value: unknown; path: readonly PropertyKey[] }[] = [{ value: root, path: [] }];
  let seen = 0;
  for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
    const { value, path } = next;
    if (++seen > MAX_VALUES) return [...problems, say.tooMuch(MAX_VALUES)];
    if (path.length > MAX_DEPTH) {
      return [...problems, say.tooDeep(pathText(path.slice(0, 3)), MAX_DEPTH)];
    }
    if (Array.isArray(value)) {
      for (const [index, item] of value.entries()) todo.push({ value: item, path: [...path, index] });
    } else if (isMap(value)) {
      for (const key of Object.keys(value)) {
        if (FORBIDDEN_KEYS.has(key)) problems.push(say.forbiddenKey(pathText([...path, key])));
        else todo.push({ value: value[key], path: [...path, key] });
      }
    } else if (!isScalar(value)) {
      problems.push(say.notPlain(pathText(path), describeValue(value)));
    }
  }
  return problems;
}

/** `undefined` is what a caller in TypeScript writes for "not there". */
function isScalar(value: unknown): boolean {
  return value === null || ['string', 'number', 'boolean', 'undefined'].includes(typeof value);
}

/** A value in the words of a message: `the text "ten"`, `a list`, `nothing`. */
export function describeValue(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  if (typeof value === 'string') return `the text ${quote(value)}`;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (Array.isArray(value)) return 'a list';
  return isMap(value) ? 'a map' : 'something else';
}
