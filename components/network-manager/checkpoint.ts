import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import * as z from 'zod/mini';
import { readIfExists, writeDurably } from '../host/files.ts';

/** A policy document as its author wrote it. */
const GOAL = { revision: z.string(), document: z.string() };
const Goal = z.strictObject(GOAL);
export type Goal = z.infer<typeof Goal>;

/** A point on the kernel's own clock, which no time server moves: milliseconds since this boot. Another boot: it has passed. */
const Moment = z.strictObject({ boot: z.string(), uptimeMs: z.number() });
export type Moment = z.infer<typeof Moment>;

const Provisional = z.strictObject({
  /** Until then it must be confirmed. */
  deadline: Moment,
  /**
   * `converging`: its steps are being done. `pending`: it is in force, and nobody has confirmed it. `condemned`: it is being rolled back,
   * whatever comes.
   */
  state: z.enum(['converging', 'pending', 'condemned']),
  /** Why it was condemned. */
  why: z.optional(z.string()),
});
/** What is known of a change that is rolled back unless somebody confirms it. */
export type Provisional = z.infer<typeof Provisional>;

const Change = z.strictObject({ ...GOAL, provisional: z.optional(Provisional) });
export type Change = z.infer<typeof Change>;

const RolledBack = z.strictObject({
  revision: z.string(),
  why: z.string(),
  /** `policy`: it was condemned, or nobody confirmed it. `interruption`: a death or a power cut came between; it is worth another try. */
  fault: z.enum(['policy', 'interruption']),
  /** How often in a row. */
  times: z.number(),
});
export type RolledBack = z.infer<typeof RolledBack>;

const Checkpoint = z.strictObject({
  /** The policy that was last in force whole; a change that fails goes back to it. null: none was. */
  good: z.nullable(Goal),
  /** The change that has begun and not ended. */
  underway: z.nullable(z.union([Change, z.literal('removal')])),
  /**
   * Names of the links that these policies have, none of which was somebody else's when the change began. A mark on the link itself is not
   * enough: after a power cut Docker makes a bridge anew for a network that it then finds half removed, and leaves it behind.
   */
  links: z.array(z.string()),
  /** The provisional change that was rolled back last, until a policy is taken. */
  rolledBack: z.optional(RolledBack),
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
