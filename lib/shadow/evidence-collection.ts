import { assembleEvidence, type Evidence, type EvidencePart, isSameEvidence, missingParts } from './evidence.ts';

/** Evidence that is on its way, several at once; each as the parts that have come. */
export type Collection = readonly (readonly EvidencePart[])[];

export interface Collected {
  readonly collection: Collection;
  /** Complete with the part that was added. */
  readonly evidence?: Evidence;
  /** Why that is none, though it is complete. */
  readonly problem?: string;
}

/** So many that are not complete are kept: who never completes any takes no memory. */
const MOST = 4;

export const NOTHING_COLLECTED: Collection = [];

/** A part has come. Pure. */
export function collect(collection: Collection, part: EvidencePart): Collected {
  const known = collection.find(([first]) => first !== undefined && isSameEvidence(first, part)) ?? [];
  const parts = [...known.filter((other) => other.part !== part.part), part];
  const others = collection.filter((other) => other !== known);
  if (missingParts(parts).length > 0) return { collection: [...others, parts].slice(-MOST) };
  try {
    return { collection: others, evidence: assembleEvidence(parts) };
  } catch (error) {
    return { collection: others, problem: error instanceof Error ? error.message : String(error) };
  }
}
