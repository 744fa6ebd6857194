import type { Policy } from '../policy/index.ts';
import { BYPASSES, type BypassAttempt, type BypassKind, HOST, OUTSIDE, ROUTER_ITSELF, SENDER } from './bypass.ts';
import { INTERNET } from './network.ts';

/** Where frames are listened for. */
export interface Place {
  /** A node's name, a link of the truck, or what it is. */
  readonly name: string;
  /**
   * `node`: a node's interface; `wire`: a VLAN link, towards a segment's devices; `bridge`: a segment's bridge; `host` and `router`: what
   * is delivered to these themselves, after their rules; `outside`: an uplink, or a vantage behind it.
   */
  readonly role: 'node' | 'wire' | 'bridge' | 'host' | 'router' | 'outside';
  /** Of a node, wire or bridge. */
  readonly segment?: string;
}

/** What became of one attempt. */
export interface BypassObservation {
  /** The attempt's id. */
  readonly id: string;
  /** All places that got it, allowed or not. */
  readonly arrivedAt: readonly Place[];
  /** Whose frames came back to the sender because of it: names, or MAC addresses that nobody is known by. */
  readonly answeredBy: readonly string[];
  /** Why it could not be sent. */
  readonly error?: string;
}

/** The positive controls of the same run. */
export interface BypassControls {
  /** Whose plain frames of an attempt's packet type were heard by somebody in their own segment: `device1 ipv4`. */
  readonly heard: ReadonlySet<string>;
  /** Places that heard some control, and lost no frame. */
  readonly hearing: readonly Place[];
}

export interface BypassRow {
  readonly attempt: BypassAttempt;
  readonly observation?: BypassObservation;
  readonly verdict: 'closed' | 'open' | 'inconclusive';
  /** Why, in words. */
  readonly reason: string;
}

/** One kind with all its attempts. */
export interface BypassSummary {
  readonly kind: BypassKind;
  readonly because: string;
  readonly attempts: number;
  readonly open: number;
  readonly inconclusive: number;
}

export interface BypassTable {
  readonly rows: readonly BypassRow[];
  /** In the order of BYPASSES; kinds that were not attempted are left out. */
  readonly kinds: readonly BypassSummary[];
  readonly verdict: 'closed' | 'open' | 'inconclusive';
}

/** What each attempt comes to. Fails closed: what was not shown to have been sent and listened for is inconclusive. */
export function judgeBypasses(
  policy: Policy,
  attempts: readonly BypassAttempt[],
  observations: readonly BypassObservation[],
  controls: BypassControls,
): readonly BypassRow[] {
  const byId = new Map(observations.map((observation) => [observation.id, observation]));
  return attempts.map((attempt) => judge(policy, attempt, byId.get(attempt.id), controls));
}

/** The attempts by kind. One that is open outweighs what is inconclusive; nothing tried is nothing proved. */
export function bypassTable(rows: readonly BypassRow[]): BypassTable {
  const kinds = Object.entries(BYPASSES).flatMap(([kind, because]) => {
    const own = rows.filter(({ attempt }) => attempt.kind === kind);
    const count = (verdict: BypassRow['verdict']) => own.filter((row) => row.verdict === verdict).length;
    const summary = { attempts: own.length, open: count('open'), inconclusive: count('inconclusive') };
    return own.length === 0 ? [] : [{ kind: kind as BypassKind, because, ...summary }];
  });
  const isClosed = kinds.length > 0 && kinds.every(({ inconclusive }) => inconclusive === 0);
  return { rows, kinds, verdict: kinds.some(({ open }) => open > 0) ? 'open' : isClosed ? 'closed' : 'inconclusive' };
}

/** What a control is called: a sender and the type of packet that it can send. */
export const controlOf = (from: string, type: BypassAttempt['frame']['packet']['type']): string => `${from} ${type}`;

function judge(
  policy: Policy,
  attempt: BypassAttempt,
  observation: BypassObservation | undefined,
  { heard, hearing }: BypassControls,
): BypassRow {
  const say = (verdict: BypassRow['verdict'], reason: string): BypassRow => ({
    attempt,
    ...(observation === undefined ? {} : { observation }),
    verdict,
    reason,
  });
  if (observation === undefined) return say('inconclusive', 'it was not measured');
  const leaks = observation.arrivedAt.filter((place) => isForbidden(policy, attempt, place)).map(({ name }) => name);
  const answers = observation.answeredBy.filter((answerer) => !isNeighbour(policy, attempt, answerer));
  if (leaks.length > 0) return say('open', `it arrived at ${leaks.join(', ')}`);
  if (answers.length > 0) return say('open', `${answers.join(', ')} answered`);
  if (observation.error !== undefined) return say('inconclusive', observation.error);
  const { from, frame, aim } = attempt;
  if (!heard.has(controlOf(from, frame.packet.type))) {
    return say('inconclusive', `no plain ${frame.packet.type} frame of ${from} was heard either`);
  }
  if (!hearing.some(({ name }) => name === from)) return say('inconclusive', `${from} would not have heard an answer`);
  if (aim !== SENDER && !hearing.some((place) => isAt(place, attempt))) {
    return say('inconclusive', `nobody was listening ${nameOfAim(aim)}`);
  }
  return say('closed', 'it arrived nowhere and nobody answered');
}

/** Must the attempt not arrive there? Whatever it was aimed at: it is not to leave its segment, or the uplink. */
function isForbidden(policy: Policy, attempt: BypassAttempt, place: Place): boolean {
  if (attempt.kind === 'the router’s address taken') return wouldBelieve(policy, attempt, place);
  if (attempt.from === INTERNET) return place.role !== 'outside';
  return place.segment === undefined || place.segment !== segmentOf(policy, attempt.from);
}

/** Who would send to the wrong one. Devices at the same switch hear each other whatever the truck does. */
function wouldBelieve(policy: Policy, { from }: BypassAttempt, { name, role, segment }: Place): boolean {
  if (segment === undefined || segment !== segmentOf(policy, from)) return true;
  const kindOf = (node: string) => policy.nodes.find((candidate) => candidate.name === node)?.kind;
  if (role === 'node') return name !== from && (kindOf(from) === 'container' || kindOf(name) === 'container');
  return role === 'wire' && kindOf(from) === 'container';
}

/** An answer from the sender's own segment crosses nothing, except one about an address that isn't there. */
function isNeighbour(policy: Policy, { from, frame }: BypassAttempt, answerer: string): boolean {
  const segment = segmentOf(policy, answerer);
  return frame.packet.type !== 'arp' && segment !== undefined && segment === segmentOf(policy, from);
}

function isAt(place: Place, { aim, from }: BypassAttempt): boolean {
  if (aim === HOST) return place.role === 'host';
  if (aim === ROUTER_ITSELF) return place.role === 'router';
  if (aim === OUTSIDE) return place.role === 'outside';
  return place.segment === aim && place.name !== from;
}

function nameOfAim(aim: string): string {
  return aim === HOST
    ? 'at the host'
    : aim === ROUTER_ITSELF
      ? 'at the router'
      : aim === OUTSIDE
        ? 'outside'
        : `in ${aim}`;
}

function segmentOf(policy: Policy, node: string): string | undefined {
  return policy.nodes.find(({ name }) => name === node)?.segment;
}
