import { createHash } from 'node:crypto';

/** SHA-256. */
export function digest(content: Uint8Array | string, encoding: 'hex' | 'base64'): string {
  return createHash('sha256').update(content).digest(encoding);
}
