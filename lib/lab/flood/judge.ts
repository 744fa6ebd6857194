import type { Policy } from '../../policy/index.ts';
import { INTERNET } from '../../truck/network.ts';
import { allowed, mayBeHeard, targetOf } from './allowed.ts';
import type { FloodReport, Stream, Tally } from './stream.ts';

/** What may be in force while a phase lasts: one policy, or while it changes either of two. */
export type InForce = Readonly<Record<string, readonly Policy[]>>;

export interface FloodVerdict {
  /** Packets that were heard where no policy of their phase lets them be. */
  readonly forbidden: readonly Finding[];
  /** Packets of conversations that all policies allow, and nothing excuses, which did not come, or whose answers did not. */
  readonly lost: readonly Finding[];
  /** Why silence proves nothing; empty, or the flood has to be done again. */
  readonly inconclusive: readonly string[];
  /** Packets that no policy of their phase lets pass. */
  readonly forbiddenSent: number;
  /** Packets, and answers to them, that had to come. */
  readonly due: number;
}

export interface Finding {
  readonly stream: string;
  readonly phase: string;
  readonly packets: number;
  readonly of: number;
  /** Where they were heard, or what is missing. */
  readonly what: string;
}

/**
 * What a flood has shown; pure.
 * @param excused why a conversation may lose packets; null: it may not
 */
export function judgeFlood(
  { tallies, lostFrames }: FloodReport,
  inForce: InForce,
  excused: (stream: Stream) => string | null,
): FloodVerdict {
  const judged = tallies.filter(({ phase }) => inForce[phase] !== undefined);
  const all = [...new Set(Object.values(inForce).flat())];
  const policiesOf = ({ phase }: Tally) => inForce[phase] ?? [];
  const isForbidden = (tally: Tally) => !policiesOf(tally).some((policy) => allowed(policy, tally.stream));
  const dues = judged.flatMap((tally) => due(tally, all, excused));
  return {
    forbidden: judged.flatMap((tally) => strays(tally, policiesOf(tally))),
    lost: dues.filter(({ packets }) => packets > 0),
    inconclusive: [
      ...(lostFrames > 0 ? [`listeners lost ${lostFrames} frames`] : []),
      ...judged.flatMap((tally) => doubts(tally, judged, policiesOf(tally), isForbidden(tally))),
    ],
    forbiddenSent: judged.filter(isForbidden).reduce((sum, { sent }) => sum + sent, 0),
    due: dues.reduce((sum, { of }) => sum + of, 0),
  };
}

function strays({ stream, phase, sent, heard, answers }: Tally, policies: readonly Policy[]): readonly Finding[] {
  const at = (places: Readonly<Record<string, number>>, what: string) =>
    Object.entries(places)
      .filter(([place]) => !policies.some((policy) => mayBeHeard(policy, stream, place)))
      .map(([place, packets]) => ({ stream: titleOf(stream), phase, packets, of: sent, what: `${what} at ${place}` }));
  return [...at(heard, 'heard'), ...at(answers, 'answers heard')];
}

/** Conversations that are allowed the whole time: each packet, and each answer. */
function due(tally: Tally, all: readonly Policy[], excused: (stream: Stream) => string | null): readonly Finding[] {
  const { stream, phase, sent, unsent, heard, answers } = tally;
  if (stream.packets.kind === 'frames' || excused(stream) !== null) return [];
  if (!all.every((policy) => allowed(policy, stream))) return [];
  const finding = (packets: number, of: number, what: string) => ({
    stream: titleOf(stream),
    phase,
    packets,
    of,
    what,
  });
  const place = placeOf(all[0], stream);
  // Nobody of ours listens at the router; its answers tell.
  const arrived = place === null ? [] : [finding(sent - (heard[place] ?? 0), sent, `missing at ${place}`)];
  const answered = answers[stream.from] ?? 0;
  const back =
    stream.packets.kind === 'pings' ? [finding(sent - answered, sent, `answers missing at ${stream.from}`)] : [];
  return [finding(unsent, unsent, 'could not be sent'), ...arrived, ...back];
}

function placeOf(policy: Policy | undefined, { to }: Stream): string | null {
  const target = policy === undefined ? null : targetOf(policy, to);
  return target?.kind === 'node' ? target.name : target?.kind === 'internet' ? INTERNET : null;
}

/** Where one policy is in force for the whole phase, who sends and who listens must have been there, or nothing was tried. */
function doubts(
  { stream, phase, sent }: Tally,
  judged: readonly Tally[],
  policies: readonly Policy[],
  forbidden: boolean,
): readonly string[] {
  const [policy] = policies;
  if (policy === undefined || policies.length > 1 || !forbidden) return [];
  const place = placeOf(policy, stream);
  if (place === null || !policy.nodes.some(({ name }) => name === stream.from)) return [];
  if (sent === 0) return [`${titleOf(stream)}: nothing was sent ${phase}`];
  const hears = judged.some(
    (tally) => tally.phase === phase && ((tally.heard[place] ?? 0) > 0 || (tally.answers[place] ?? 0) > 0),
  );
  return hears ? [] : [`${titleOf(stream)}: ${place} heard nothing at all ${phase}`];
}

export function titleOf({ name, to }: Stream): string {
  return `${name} (${to})`;
}
