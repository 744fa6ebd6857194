import type { Policy, Term } from '../../policy/index.ts';
import { REVISION_MARK } from './text.ts';

/**
 * The kernel itself ends a flow: its rules hold while `meta time` (the wall clock, seconds since 1970; nft(8)) is within the term. So nobody has to be alive
 * at that moment, and the ruleset stays the same before and after it.
 */
export function during(term: Term | undefined): string {
  if (term === undefined) return '';
  const { starts, expires } = term;
  return [
    ...(starts === undefined ? [] : [`meta time >= ${starts / 1000} `]),
    ...(expires === undefined ? [] : [`meta time < ${expires / 1000} `]),
  ].join('');
}

/** When one of several flows is in force, as beginnings of rules: the empty one alone, if one always is. Empty: there are none. */
export function whenever(terms: readonly (Term | undefined)[]): readonly string[] {
  const conditions = [...new Set(terms.map(during))].sort();
  return conditions.includes('') ? [''] : conditions;
}

/** The terms of all flows, each once, and in the order in which their marks are numbered. */
export function termsOf({ flows }: Policy): readonly Term[] {
  const byTime = new Map(flows.flatMap(({ term }) => (term === undefined ? [] : [[during(term), term] as const])));
  return [...byTime].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, term]) => term);
}

/** Distinguishes what each term has of its own: 0 is for what has none. */
export function numberOf(terms: readonly Term[], term: Term | undefined): number {
  return term === undefined ? 0 : terms.findIndex((other) => during(other) === during(term)) + 1;
}

/** The mark of a conversation that a flow with the term of this number has opened; each term has its own, so that each can end. */
export const markOf = (number: number): string => (number === 0 ? REVISION_MARK : `${REVISION_MARK}_${number}`);
