import type { Problem, Revision } from '../policy/index.ts';
import { cut, fitLists } from './fit.ts';
import { REPORTED_BYTES, SHADOW_BYTES } from './limits.ts';

/** What came of the policy that was last wished for. */
export type NetworkStatus =
  /** No policy is in force, and none is wished for. */
  | 'no-policy'
  /** The change is under way. */
  | 'applying'
  /** It is in force. */
  | 'applied'
  /** It was tried and did not hold; what was in force before is in force again. */
  | 'rolled-back'
  /** Nothing was changed. */
  | 'refused'
  /** Neither it nor what was before is in force whole; isolation holds. */
  | 'failed';

/** What the network manager tells, before it is made to fit. Times are milliseconds since 1970. */
export interface NetworkState {
  readonly status: NetworkStatus;
  /** In force. */
  readonly revision?: Revision;
  /** What the status is about, if it came by shadow: the wish's id, and the revision that it would make. */
  readonly desired?: { readonly id: string; readonly revision?: Revision };
  /** Why it was rolled back or refused, or has failed. */
  readonly why?: string;
  readonly problems?: readonly Problem[];
  /** Repairs since the agent was started. */
  readonly drift?: { readonly repaired: number; readonly steps: readonly string[]; readonly at: number };
  /** Version of the network manager. */
  readonly agent: string;
  readonly at: number;
}

/** `reported` of the shadow `network`. What there is nothing to say of is not there. Times are ISO 8601. */
export interface NetworkReported {
  readonly status: NetworkStatus;
  readonly revision?: Revision;
  readonly desired?: { readonly id: string; readonly revision?: Revision };
  readonly why?: string;
  /** The first ones, errors first. */
  readonly problems?: readonly Problem[];
  readonly moreProblems?: number;
  readonly drift?: { readonly repaired: number; readonly at: string };
  /** Steps of the last repair, in words. */
  readonly repairs?: readonly string[];
  readonly moreRepairs?: number;
  readonly agent: string;
  readonly at: string;
}

/** Bytes of JSON. */
const WHY = 400;
const PATH = 120;
const MESSAGE = 300;
const STEP = 160;
const AGENT = 48;

/**
 * What is reported of a state. It fits into its part of the shadow, and into what a large `desired` leaves of it.
 * @param desiredBytes of the section that stands beside it, as compact JSON
 */
export function networkReported(state: NetworkState, desiredBytes = 0): NetworkReported {
  const { status, revision, desired, why, problems = [], drift, agent, at } = state;
  const document: NetworkReported = {
    status,
    ...(revision && { revision }),
    ...(desired && { desired }),
    ...(why !== undefined && { why: cut(why, WHY) }),
    ...(drift && { drift: { repaired: drift.repaired, at: isoTime(drift.at) } }),
    agent: cut(agent, AGENT),
    at: isoTime(at),
  };
  const lists = [
    { key: 'problems', moreKey: 'moreProblems', items: problems.map(shortened) },
    { key: 'repairs', moreKey: 'moreRepairs', items: (drift?.steps ?? []).map((step) => cut(step, STEP)) },
  ];
  return fitLists(document, lists, Math.min(REPORTED_BYTES, SHADOW_BYTES - desiredBytes));
}

function shortened({ severity, path, message }: Problem): Problem {
  return { severity, path: cut(path, PATH), message: cut(message, MESSAGE) };
}

export function isoTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
