import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import * as z from 'zod';
import type { Revision } from '../policy/index.ts';
import type { Matrix } from '../truck/judge.ts';
import type { BypassTable } from '../truck/judge-bypasses.ts';
import { EVIDENCE_BYTES, EVIDENCE_PART_BYTES } from './limits.ts';
import { unzip } from './packed.ts';

/** A matrix bound to a revision, a time and a truck: all that a truck knows of one measurement. */
export interface Evidence {
  readonly thing: string;
  readonly revision: Revision;
  /** When it was measured, ISO 8601. */
  readonly at: string;
  readonly matrix: Matrix;
  /** From where it was measured. */
  readonly vantages: readonly { readonly node: string; readonly kind: string }[];
  readonly bypasses?: BypassTable;
  /** Milliseconds that the measuring took. */
  readonly durationMs: number;
}

/** One message on the evidence topic. */
const Part = z.object({
  thing: z.string().max(128),
  /** The revision's id. */
  revision: z.string().max(64),
  at: z.string().max(32),
  /** From 1 to `parts`. */
  part: z.int().min(1),
  parts: z
    .int()
    .min(1)
    .max(Math.ceil(EVIDENCE_BYTES / EVIDENCE_PART_BYTES)),
  /** Of the whole, before it was compressed: hexadecimal. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  /** Its piece of the whole's JSON, compressed (gzip): base64. */
  data: z.string(),
});
export type EvidencePart = Readonly<z.infer<typeof Part>>;

const Rows = z.array(
  z.looseObject({
    expectation: z.looseObject({
      from: z.string(),
      to: z.string(),
      address: z.string(),
      probe: z.looseObject({ protocol: z.string() }),
      verdict: z.string(),
      because: z.string(),
    }),
    observed: z.string(),
    outcome: z.string(),
    reason: z.string(),
  }),
);
/** As much of evidence's shape as is relied on before it is believed. */
const Whole = z.looseObject({
  thing: z.string(),
  revision: z.looseObject({ id: z.string() }),
  at: z.string(),
  matrix: z.looseObject({ rows: Rows, counts: z.record(z.string(), z.number()), verdict: z.string() }),
  vantages: z.array(z.looseObject({ node: z.string(), kind: z.string() })),
});

/** Each part is a message within AWS IoT Core's limit: so much of it may be base64, the rest is for what stands beside. */
const DATA_BYTES = ((EVIDENCE_PART_BYTES - 1024) / 4) * 3;

/** The parts in which evidence is published, in order; at least one. `sha256` and their number are what the shadow refers to. */
export function evidenceParts(evidence: Evidence): readonly EvidencePart[] {
  const text = JSON.stringify(evidence);
  const sha256 = hashOf(text);
  const whole = gzipSync(text, { level: 9 });
  const parts = Math.ceil(whole.length / DATA_BYTES);
  const { thing, revision, at } = evidence;
  return Array.from({ length: parts }, (_, index) => {
    const data = whole.subarray(index * DATA_BYTES, (index + 1) * DATA_BYTES).toString('base64');
    return { thing, revision: revision.id, at, part: index + 1, parts, sha256, data };
  });
}

/** A message's part of some evidence. @throws Error that says why it is none */
export function readPart(payload: string | Uint8Array): EvidencePart {
  if (payload.length > 2 * EVIDENCE_PART_BYTES)
    throw new Error(`a part of evidence is smaller than ${payload.length} bytes`);
  const text = typeof payload === 'string' ? payload : new TextDecoder().decode(payload);
  const parsed = Part.safeParse(JSON.parse(text));
  if (!parsed.success) throw new Error(`this is no part of evidence: ${z.prettifyError(parsed.error)}`);
  if (parsed.data.part > parsed.data.parts) throw new Error(`part ${parsed.data.part} of ${parsed.data.parts} is none`);
  return parsed.data;
}

/** Which of the parts, by number, are not there yet. */
export function missingParts(parts: readonly EvidencePart[]): readonly number[] {
  const there = new Set(parts.map(({ part }) => part));
  return Array.from({ length: parts[0]?.parts ?? 0 }, (_, index) => index + 1).filter((part) => !there.has(part));
}

/**
 * The evidence that these parts are, in whatever order they came and however often. It is whole, unchanged, and says of itself what its parts say.
 * @throws Error when some are missing, belong to something else or were tampered with
 */
export function assembleEvidence(parts: readonly EvidencePart[]): Evidence {
  const [first] = parts;
  if (first === undefined) throw new Error('there is no part of evidence');
  const stranger = parts.find((part) => !isSameEvidence(part, first));
  if (stranger !== undefined)
    throw new Error(`parts of different evidence: ${describePart(first)}, and ${describePart(stranger)}`);
  const missing = missingParts(parts);
  if (missing.length > 0)
    throw new Error(`${missing.length} of ${first.parts} parts are missing: ${missing.join(', ')}`);
  const byNumber = new Map(parts.map((part) => [part.part, Buffer.from(part.data, 'base64')]));
  const ordered = Array.from({ length: first.parts }, (_, index) => byNumber.get(index + 1) ?? Buffer.alloc(0));
  const text = textOf(Buffer.concat(ordered));
  if (hashOf(text) !== first.sha256) throw tampered('its hash is another');
  const parsed = Whole.safeParse(JSON.parse(text));
  if (!parsed.success) throw new Error(`this is no evidence: ${z.prettifyError(parsed.error)}`);
  const evidence = parsed.data as unknown as Evidence;
  if (evidence.thing !== first.thing || evidence.revision.id !== first.revision || evidence.at !== first.at)
    throw tampered('its parts say another truck, revision or time than it does itself');
  return evidence;
}

export function isSameEvidence(a: EvidencePart, b: EvidencePart): boolean {
  return (
    a.thing === b.thing && a.revision === b.revision && a.at === b.at && a.parts === b.parts && a.sha256 === b.sha256
  );
}

const describePart = ({ thing, revision, at, parts }: EvidencePart) =>
  `${thing}, ${revision} at ${at} in ${parts} parts`;
const tampered = (why: string) => new Error(`the evidence was changed on its way: ${why}`);
const hashOf = (text: string) => createHash('sha256').update(text).digest('hex');

function textOf(whole: Uint8Array): string {
  try {
    return unzip(whole, EVIDENCE_BYTES);
  } catch (error) {
    throw tampered(error instanceof Error ? error.message : String(error));
  }
}
