import { evidenceFolder } from '../../../../fleet/names.ts';
import type { Account } from '../account.ts';

/** The lab's bucket of evidence. */
export const ARCHIVE = 'firebreak-lab-evidence';

/** Archives a message of evidence as the fleet's stacks do: a line in an object of the day on which it arrived. */
export function archiveEvidence(account: Account, payload: Uint8Array, at: Date): void {
  const bucket = account.buckets.get(ARCHIVE) ?? new Map<string, Buffer>();
  account.buckets.set(ARCHIVE, bucket);
  const name = `${evidenceFolder(at)}evidence.jsonl`;
  // A message is JSON: whatever breaks its lines is no part of a value.
  const line = Buffer.from(
    `${Buffer.from(payload)
      .toString()
      .replaceAll(/\s*\n\s*/g, ' ')}\n`,
  );
  bucket.set(name, Buffer.concat([bucket.get(name) ?? Buffer.alloc(0), line]));
}
