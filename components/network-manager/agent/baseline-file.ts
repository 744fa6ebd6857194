import * as z from 'zod/mini';
import { readIfExists, writeDurably } from '../../host/files.ts';
import type { Baseline } from './judge-change.ts';

const Stored = z.strictObject({
  /** Of the change that is to be judged by it. */
  revision: z.string(),
  reachable: z.array(z.string()),
  internet: z.boolean(),
  cloud: z.boolean(),
});

/** What was well before a change outlives the agent: whoever judges later by less would let a change pass that cuts the truck off. */
export async function keepBaseline(path: string, revision: string, baseline: Baseline): Promise<void> {
  await writeDurably(path, `${JSON.stringify({ revision, ...baseline })}\n`);
}

/** null: there is none, or it can't be read. */
export async function readBaseline(path: string): Promise<(Baseline & { readonly revision: string }) | null> {
  const text = await readIfExists(path);
  if (text === null) return null;
  try {
    return Stored.parse(JSON.parse(text));
  } catch {
    return null;
  }
}
