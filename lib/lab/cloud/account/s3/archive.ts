import { evidenceFolder } from '../../../../fleet/names.ts';
import type { Account } from '../account.ts';

/** The lab's bucket of evidence. */
export const ARCHIVE = 'firebreak-lab-evidence';

/** Amazon Data Firehose begins a new object when so much was buffered. */
const OBJECT_BYTES = 1_000_000;

/** Archives a message of evidence as the fleet's stacks do: a line in an object of the day on which it arrived. */
export function archiveEvidence(account: Account, payload: Uint8Array, at: Date): void {
  const bucket = account.buckets.get(ARCHIVE) ?? new Map<string, Buffer>();
  account.buckets.set(ARCHIVE, bucket);
  const folder = evidenceFolder(at);
  // A message is JSON: whatever breaks its lines is no part of a value.
  const line = Buffer.from(
    `${Buffer.from(payload)
      .toString()
      .replaceAll(/\s*\n\s*/g, ' ')}\n`,
  );
  const last = [...bucket.keys()].at(-1);
  const lastBytes = last?.startsWith(folder) === true ? bucket.get(last) : undefined;
  if (last !== undefined && lastBytes !== undefined && lastBytes.length < OBJECT_BYTES)
    bucket.set(last, Buffer.concat([lastBytes, line]));
  else bucket.set(`${folder}evidence-${String(bucket.size + 1).padStart(6, '0')}.jsonl`, line);
}
