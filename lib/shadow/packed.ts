import { gunzipSync, gzipSync } from 'node:zlib';

/** The value's JSON, compressed (gzip, RFC 1952), in base64. */
export function pack(value: unknown): string {
  return gzipSync(JSON.stringify(value), { level: 9 }).toString('base64');
}

/**
 * What was packed. What unpacks to more than so many bytes is not unpacked.
 * @throws Error that says in what way it can't be read
 */
export function unpack(text: string, mostBytes: number): unknown {
  if (!/^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(text)) throw new Error('it is not base64');
  return JSON.parse(unzip(Buffer.from(text, 'base64'), mostBytes));
}

/** @throws Error */
export function unzip(bytes: Uint8Array, mostBytes: number): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(gunzipSync(bytes, { maxOutputLength: mostBytes }));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE')
      throw new Error(`it unpacks to more than ${mostBytes} bytes`);
    throw error;
  }
}
