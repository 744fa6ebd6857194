import { createHash } from 'node:crypto';
import { canonicalText } from './canonical.ts';
import type { Revision } from './policy.ts';
import type { PolicyDocument } from './schema.ts';

/**
 * The revision of a document: what its author counted, and what follows from its content.
 *
 * The hash covers the document with the schema's defaults. Order of keys, comments, and whether it is YAML or JSON do not
 * matter; nor do `$schema`, which is for editors, and `sequence`, which stands beside the hash already. Sections that came later count only if
 * there is something in them, so that older policies keep their hash.
 */
export function revisionOf(document: PolicyDocument): Revision {
  const { $schema, sequence, broadcasts, ...rest } = document;
  const content = Object.keys(broadcasts).length === 0 ? rest : { ...rest, broadcasts };
  const hash = createHash('sha256').update(canonicalText(content)).digest('hex').slice(0, 12);
  return { sequence, hash, id: `${sequence}-${hash}` };
}

/** The revision of an id, `SEQUENCE-HASH`. */
export function revisionNamed(id: string): Revision {
  const [sequence = '', hash = ''] = id.split('-');
  return { sequence: Number(sequence), hash, id };
}
