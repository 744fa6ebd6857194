import { jsonBytes } from './limits.ts';

/** A list of which as many members are shown as there is room for, and the number of those left out under another key. */
export interface ListToFit {
  readonly key: string;
  readonly moreKey: string;
  readonly items: readonly unknown[];
}

/**
 * The document with as much of the lists as fits into so many bytes of JSON. Earlier lists come first. Counts are always there, unless nothing was
 * left out; members are shown from the first on, without gaps.
 */
export function fitLists<Document extends object>(
  document: Document,
  lists: readonly ListToFit[],
  mostBytes: number,
): Document {
  const fitted = { ...document } as Record<string, unknown>;
  for (const { key, moreKey, items } of lists) {
    if (items.length > 0) Object.assign(fitted, { [key]: [], [moreKey]: items.length });
  }
  let bytes = jsonBytes(fitted);
  for (const { key, moreKey, items } of lists) {
    const shown: unknown[] = [];
    for (const item of items) {
      bytes += jsonBytes(item) + 1;
      if (bytes > mostBytes) break;
      shown.push(item);
    }
    const left = items.length - shown.length;
    if (left > 0) bytes -= jsonBytes(items[shown.length]) + 1;
    fitted[key] = shown;
    fitted[moreKey] = left;
    if (shown.length === 0) delete fitted[key];
    if (left === 0) delete fitted[moreKey];
  }
  return fitted as Document;
}

/** The text, cut so that it takes at most so many bytes as JSON; then it ends with an ellipsis. */
export function cut(text: string, mostBytes: number): string {
  if (jsonBytes(text) <= mostBytes) return text;
  let bytes = jsonBytes('…');
  let kept = '';
  // No character takes less than a byte.
  for (const character of text.slice(0, mostBytes)) {
    bytes += jsonBytes(character) - 2;
    if (bytes > mostBytes) break;
    kept += character;
  }
  return `${kept}…`;
}
