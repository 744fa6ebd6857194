import { createHash } from 'node:crypto';
import type { Revision } from './policy.ts';
import type { PolicyDocument } from './schema.ts';

/**
 * The revision of a document: what its author counted, and what follows from its content.
 *
 * The hash covers the document with the schema's defaults. Order of keys, comments, and whether it is YAML or JSON do not
 * matter; nor do `$schema`, which is for editors, and `sequence`, which stands beside the hash already.
 */
export function revisionOf(document: PolicyDocument): Revision {
  const { $schema, sequence, ...content } = document;
  const hash = createHash('sha256').update(canonicalText(content)).digest('hex').slice(0, 12);
  return { sequence, hash, id: `${sequence}-${hash}` };
}

/** JSON with sorted keys and no white space: equal values give equal text. */
function canonicalText(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => {
    if (inner === null || typeof inner !== 'object' || Array.isArray(inner)) return inner;
    return Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}
