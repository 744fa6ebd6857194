import { isFinal, isolationOf, networkOf } from '../../lib/cli/truck/reported.ts';
import { readMessage, shadowOf } from '../../lib/cli/truck/shadow-messages.ts';
import { evidenceTopic, shadowTopic } from '../../lib/shadow/names.ts';

/** What there is to see of a change from outside, until nothing of it is left to be done. Pure. */
export type Milestone = 'enforced' | 'reported' | 'measured' | 'evident';
export const MILESTONES: readonly Milestone[] = ['enforced', 'reported', 'measured', 'evident'];

/** The change that is waited for. */
export interface Wished {
  readonly thing: string;
  /** The wish's id, and the id of the revision that it comes to. */
  readonly wish: string;
  readonly revision: string;
}

/**
 * What a message in the cloud says of the change; null: nothing.
 * @throws Error when the truck says that nothing comes of it
 */
export function milestoneIn(topic: string, payload: Uint8Array, { thing, wish, revision }: Wished): Milestone | null {
  if (topic === evidenceTopic(thing)) return isEvidenceOf(payload, revision) ? 'evident' : null;
  const documents = (shadow: 'network' | 'isolation') => `${shadowTopic(thing, shadow)}/update/documents`;
  const current = readMessage(payload)?.current;
  if (current === undefined) return null;
  const shadow = shadowOf(current);
  if (topic === documents('isolation')) return isolationOf(shadow)?.revision.id === revision ? 'measured' : null;
  if (topic !== documents('network')) return null;
  const network = networkOf(shadow);
  if (network?.desired?.id !== wish || !isFinal(network.status)) return null;
  if (network.status === 'applied') return 'reported';
  const reasons = [network.why, ...(network.problems ?? []).map(({ path, message }) => `${path}: ${message}`)];
  throw new Error(`the truck says ${network.status}: ${reasons.filter((reason) => reason !== undefined).join('; ')}`);
}

/** Does a line of `nft monitor` say that the router has the ruleset of this fingerprint? The transaction is in force by then. */
export function isLoaded(line: string, fingerprint: string): boolean {
  return line.startsWith('add rule inet firebreak revision ') && line.includes(`"firebreak ${fingerprint}"`);
}

function isEvidenceOf(payload: Uint8Array, revision: string): boolean {
  try {
    return (JSON.parse(new TextDecoder().decode(payload)) as { readonly revision?: unknown }).revision === revision;
  } catch {
    return false;
  }
}
