import type { Flow, Policy, Term } from '../policy/index.ts';

/** A policy with the flows that are in force at one moment, and no others: of this can be asked who may speak. */
export interface PolicyAt extends Policy {
  /** Milliseconds since 1970 (UTC). null: no moment in particular, so only what is in force at each is. */
  readonly at: number | null;
}

/** The policy as it is at a moment. @param at see PolicyAt */
export function policyAt(policy: Policy, at: number | null): PolicyAt {
  return { ...policy, flows: policy.flows.filter(({ term }) => isInForce(term, at)), at };
}

/** The policy with all its flows, as if each were in force. */
export function policyAtAllTimes(policy: Policy): PolicyAt {
  return { ...policy, at: null };
}

function isInForce(term: Term | undefined, at: number | null): boolean {
  if (term === undefined) return true;
  if (at === null) return false;
  return (term.starts === undefined || term.starts <= at) && (term.expires === undefined || at < term.expires);
}

/** A flow's name, with its term and its reason: `radio-opens-pump, until 2026-11-25T23:00:00Z (J. Lee: pump test)`. */
export function flowInWords({ name, term, owner, reason }: Flow): string {
  const when = [
    ...(term?.starts === undefined ? [] : [`from ${instantText(term.starts)}`]),
    ...(term?.expires === undefined ? [] : [`until ${instantText(term.expires)}`]),
  ].join(' ');
  const why = [owner, reason].filter((text) => text !== undefined).join(': ');
  return `${name}${when === '' ? '' : `, ${when}`}${why === '' ? '' : ` (${why})`}`;
}

/** RFC 3339, in UTC and whole seconds. */
const instantText = (at: number): string => new Date(at).toISOString().replace('.000Z', 'Z');
