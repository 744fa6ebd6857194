import * as z from 'zod';

/** Bytes travel as base64 in JSON; they may be left out. */
export const Blob = z
  .base64()
  .nullish()
  .transform((text) => Buffer.from(text ?? '', 'base64'));

export function toBlob(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}
