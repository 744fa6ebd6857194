import { isMap } from '../policy/plain.ts';

/** What a shadow's `desired` and `reported` may have together, as compact JSON in UTF-8 (AWS IoT Core quotas; ShadowManager counts the same). */
export const SHADOW_BYTES = 8192;
/** Maps and lists within each other, `state` being the first (the Device Shadow service's error 400, "maximum is 6"). */
export const SHADOW_DEPTH = 6;

/** How that is divided in the shadow `network`. Shadow operations are also paid for by the started KB. */
export const REPORTED_BYTES = 2048;
export const DESIRED_BYTES = SHADOW_BYTES - REPORTED_BYTES;
/** The shadow `isolation` has no `desired`. */
export const ISOLATION_BYTES = 4096;

/** One message of evidence, envelope and all; AWS IoT Core refuses more than 128 KiB. */
export const EVIDENCE_PART_BYTES = 96 * 1024;
/** Many times what the largest policy needs; who sends more is refused before it is looked at. */
export const EVIDENCE_BYTES = 32 * 1024 * 1024;

/** A `desired` is looked at only up to here: no shadow holds as much. */
export const MOST_DESIRED_BYTES = 100_000;
/** A policy that was packed may have so many bytes. */
export const MOST_POLICY_BYTES = 1024 * 1024;

/** The bytes of a value as compact JSON in UTF-8. */
export function jsonBytes(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}

/** How deep a shadow's `state` would be with this as its `desired` or `reported`. @returns Infinity for what is deeper than any shadow. */
export function shadowDepth(section: unknown): number {
  const depth = (value: unknown, above: number): number => {
    if (above > SHADOW_DEPTH) return Number.POSITIVE_INFINITY;
    const members = Array.isArray(value) ? value : isMap(value) ? Object.values(value) : null;
    if (members === null) return above;
    return members.reduce<number>((deepest, member) => Math.max(deepest, depth(member, above + 1)), above + 1);
  };
  return depth(section, 1);
}

/**
 * Could a shadow hold it as it is? null and an empty map delete the key instead (ShadowManager's `JsonMerger` takes both alike), and
 * depth is limited.
 */
export function isShadowable(section: unknown): boolean {
  return shadowDepth(section) <= SHADOW_DEPTH && isWhole(section);
}

function isWhole(value: unknown): boolean {
  if (value === null || value === undefined) return false;
  if (Array.isArray(value)) return value.every(isWhole);
  if (!isMap(value)) return true;
  const members = Object.values(value);
  return members.length > 0 && members.every(isWhole);
}
