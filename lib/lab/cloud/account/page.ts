/** One page of a list, and the token for the next; the last page has none. */
export interface Page<Item> {
  readonly items: readonly Item[];
  readonly nextToken?: string;
}

/**
 * A page of what is sorted by its key. Whatever is added or removed between two pages, nothing that stays comes twice or is left out.
 * @param sorted ascending by key; it is read no further than needed
 * @throws RangeError when the token is none of ours
 */
export function pageOf<Item>(
  sorted: Iterable<Item>,
  keyOf: (item: Item) => string,
  { size, token }: { readonly size: number; readonly token?: string | undefined },
): Page<Item> {
  const after = token === undefined ? null : keyIn(token);
  const items: Item[] = [];
  for (const item of sorted) {
    if (after !== null && keyOf(item) <= after) continue;
    if (items.length === size) return { items, nextToken: tokenFor(keyOf(items[size - 1] as Item)) };
    items.push(item);
  }
  return { items };
}

const MARK = 'after:';
const tokenFor = (key: string) => Buffer.from(`${MARK}${key}`).toString('base64url');

/** The key after which a token's page begins. @throws RangeError */
export function keyIn(token: string): string {
  const text = Buffer.from(token, 'base64url').toString();
  if (!text.startsWith(MARK) || tokenFor(text.slice(MARK.length)) !== token) throw new RangeError('Invalid next token');
  return text.slice(MARK.length);
}
