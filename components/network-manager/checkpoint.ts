import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import * as z from 'zod/mini';
import { readIfExists, writeDurably } from '../host/files.ts';

/** A policy document as its author wrote it. */
const Goal = z.strictObject({ revision: z.string(), document: z.string() });
export type Goal = z.infer<typeof Goal>;

const Checkpoint = z.strictObject({
  /** The policy that was last in force whole; a change that fails goes back to it. null: none was. */
  good: z.nullable(Goal),
  /** The change that has begun and not ended. */
  underway: z.nullable(z.union([Goal, z.literal('removal')])),
  /**
   * Names of the links that these policies have, none of which was somebody else's when the change began. A mark on the link itself is not
   * enough: after a power cut Docker makes a bridge anew for a network that it then finds half removed, and leaves it behind.
   */
  links: z.array(z.string()),
});

/** What the truck remembers through a kill and a power cut: from which policy to which it was on its way. */
export type Checkpoint = z.infer<typeof Checkpoint>;

export const NO_POLICY: Checkpoint = { good: null, underway: null, links: [] };

/** The checkpoint can't be read as one. */
export class CheckpointError extends Error {
  override readonly name = 'CheckpointError';

  constructor(path: string, why: string) {
    super(`${path} is no checkpoint: ${why}; the truck stays as it is until a policy is applied`);
  }
}

/** @throws CheckpointError */
export async function readCheckpoint(path: string): Promise<Checkpoint> {
  const text = await readIfExists(path);
  if (text === null) return NO_POLICY;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) throw new CheckpointError(path, error.message);
    throw error;
  }
  const parsed = Checkpoint.safeParse(value);
  if (!parsed.success) throw new CheckpointError(path, z.prettifyError(parsed.error));
  return parsed.data;
}

/** The old checkpoint or the new one, also after a power cut. */
export async function writeCheckpoint(path: string, checkpoint: Checkpoint): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeDurably(path, `${JSON.stringify(checkpoint, null, 2)}\n`);
}
