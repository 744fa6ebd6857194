import type { Draft } from '../draft.ts';
import { type Problem, limits as say } from '../problems.ts';

/** What one truck's computer can be expected to carry. The bounds also keep the other checks fast. */
const LIMITS = { uplinks: 16, segments: 64, nodes: 1024, flows: 20_000, terms: 256, broadcasts: 64 } as const;

/** More than a truck can carry. */
export function* tooMany(draft: Draft): Iterable<Problem> {
  const nodes = draft.containers.size + draft.devices.size;
  if (nodes > LIMITS.nodes) yield say.tooManyNodes(nodes, LIMITS.nodes);
  for (const section of ['uplinks', 'segments', 'flows', 'broadcasts'] as const) {
    const count = draft[section].size;
    if (count > LIMITS[section]) yield say.tooMany(section, count, LIMITS[section]);
  }
  const terms = termsOf(draft);
  if (terms > LIMITS.terms) yield say.tooManyTerms(terms, LIMITS.terms);
}

/** Each has rules and a mark of its own, one after the other. */
function termsOf({ flows }: Draft): number {
  const moments = [...flows.values()].map(({ starts, expires }) => `${starts ?? ''} ${expires ?? ''}`);
  return new Set(moments.filter((term) => term !== ' ')).size;
}

/** A policy that builds nothing. */
export function* noSegments(draft: Draft): Iterable<Problem> {
  if (draft.namesAreKnown && draft.declared.segments.size === 0) yield say.noSegments();
}
