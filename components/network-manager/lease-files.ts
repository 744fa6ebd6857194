import { join } from 'node:path';
import { readIfExists } from '../host/files.ts';

/** What the DHCP server of a segment has written of its leases; empty: it has given none yet. */
export async function readLeaseFile(directory: string, segment: string): Promise<string> {
  return (await readIfExists(join(directory, `${segment}.leases`))) ?? '';
}
