import { createHash } from 'node:crypto';
import { canonicalText } from '../policy/canonical.ts';

/**
 * Short identity of a piece of the truck network: what is on the truck carries it as a label, so that a changed
 * specification is seen without comparing every field. 12 hexadecimal digits of SHA-256 of the canonical JSON.
 */
export function fingerprint(value: unknown): string {
  return createHash('sha256').update(canonicalText(value)).digest('hex').slice(0, 12);
}
