import * as z from 'zod/mini';
import type { Shadow } from './cloud.ts';

/** What trucks report, read as somebody who doesn't trust it: lib/shadow says what the fields mean. Older and newer trucks may say less or more. */
const Revision = z.object({ sequence: z.number(), hash: z.string(), id: z.string() });
const optional = z.optional;
const Problem = z.object({ severity: z.string(), path: z.string(), message: z.string() });

const Network = z.object({
  status: z.string(),
  revision: optional(Revision),
  desired: optional(z.object({ id: z.string(), revision: optional(Revision) })),
  why: optional(z.string()),
  problems: optional(z.array(Problem)),
  moreProblems: optional(z.number()),
  drift: optional(z.object({ repaired: z.number(), at: z.string() })),
  repairs: optional(z.array(z.string())),
  moreRepairs: optional(z.number()),
  agent: optional(z.string()),
  at: optional(z.string()),
});
export type Network = z.infer<typeof Network>;

const Failing = z.object({
  from: z.string(),
  to: z.string(),
  probe: z.string(),
  expected: z.string(),
  observed: z.string(),
  outcome: z.string(),
  reason: z.string(),
});
const Isolation = z.object({
  revision: Revision,
  verdict: z.string(),
  counts: z.record(z.string(), z.number()),
  bypasses: optional(z.object({ closed: z.number(), open: z.number(), inconclusive: z.number() })),
  failing: optional(z.array(Failing)),
  moreFailing: optional(z.number()),
  drops: optional(z.array(z.object({ from: z.string(), to: z.string(), probe: z.string(), packets: z.number() }))),
  moreDrops: optional(z.number()),
  measuredAt: z.string(),
  nextAt: optional(z.string()),
  evidence: optional(z.object({ sha256: z.string(), parts: z.number() })),
});
export type Isolation = z.infer<typeof Isolation>;

/** null: the truck has reported nothing, or nothing that can be understood. */
export const networkOf = (shadow: Shadow | null): Network | null => Network.safeParse(shadow?.reported).data ?? null;
export const isolationOf = (shadow: Shadow | null): Isolation | null =>
  Isolation.safeParse(shadow?.reported).data ?? null;

/** The statuses after which nothing more comes of a wish. */
export const isFinal = (status: string): boolean => ['applied', 'rolled-back', 'refused', 'failed'].includes(status);
