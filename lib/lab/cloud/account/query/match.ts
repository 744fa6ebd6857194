import type { Bound, Query } from './query.ts';

/** What is indexed of one thing: as the developer guide names its fields, nested. */
export type IndexedDocument = Readonly<Record<string, unknown>>;

/** Does a document satisfy the query? Field names are case sensitive, values are not; of a list any member will do. */
export function matcher(query: Query): (document: IndexedDocument) => boolean {
  switch (query.kind) {
    case 'all':
      return () => true;
    case 'and': {
      const parts = query.parts.map(matcher);
      return (document) => parts.every((part) => part(document));
    }
    case 'or': {
      const parts = query.parts.map(matcher);
      return (document) => parts.some((part) => part(document));
    }
    case 'not': {
      const part = matcher(query.part);
      return (document) => !part(document);
    }
    case 'term': {
      const test = termTest(query.pattern, query.literal);
      return (document) => valuesAt(document, query.field).some(test);
    }
    case 'range':
      return (document) => valuesAt(document, query.field).some((value) => isWithin(value, query.from, query.to));
  }
}

/** All that stands in a field, as text; undefined: in any field. */
export function valuesAt(document: IndexedDocument, field: string | undefined): readonly string[] {
  if (field === undefined) return leaves(document);
  return leavesOf(
    field
      .split('.')
      .reduce<unknown>(
        (value, key) =>
          typeof value === 'object' && value !== null && Object.hasOwn(value, key)
            ? (value as Record<string, unknown>)[key]
            : undefined,
        document,
      ),
  );
}

/** A field that holds fields has no value of its own. */
function leavesOf(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(leavesOf);
  if (value === null || value === undefined || typeof value === 'object') return [];
  return [String(value)];
}

function leaves(value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null) return leavesOf(value);
  return Object.values(value).flatMap(leaves);
}

/** A term is one of the value's words, or the whole; a phrase is some of its words in a row. */
function termTest(pattern: string, literal: boolean): (value: string) => boolean {
  if (literal) {
    const phrase = ` ${pattern.trim().split(/\s+/).join(' ')} `;
    return (value) => ` ${value.toLowerCase().trim().split(/\s+/).join(' ')} `.includes(phrase);
  }
  const expression = new RegExp(
    `^${pattern
      .replace(/[\\^$.|+()[\]{}]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.')}$`,
    's',
  );
  return (value) => {
    const text = value.toLowerCase();
    return expression.test(text) || text.split(/\s+/).some((one) => expression.test(one));
  };
}

/** By number when both are numbers, by text otherwise. */
function isWithin(value: string, from: Bound | undefined, to: Bound | undefined): boolean {
  return (
    (from === undefined || isInOrder(compare(from.value, value), from)) &&
    (to === undefined || isInOrder(compare(value, to.value), to))
  );
}

const isInOrder = (difference: number, { inclusive }: Bound) => difference < 0 || (inclusive && difference === 0);

function compare(a: string, b: string): number {
  const [x, y] = [Number(a), Number(b)];
  if (a.trim() !== '' && b.trim() !== '' && !Number.isNaN(x) && !Number.isNaN(y)) return x - y;
  const [left, right] = [a.toLowerCase(), b.toLowerCase()];
  return left < right ? -1 : left > right ? 1 : 0;
}
