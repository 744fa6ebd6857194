import type { Policy } from '../../../policy/index.ts';
import {
  type ReachabilityChange,
  type ReachabilityDifference,
  reachabilityDifference,
} from '../../../truck/reachability.ts';
import { paint } from '../../output.ts';
import type { Surveyed } from './survey.ts';

/** Trucks of which the same is desired now, and what the new policy opens and closes on them. */
export interface Concern {
  readonly trucks: number;
  /** One of them. */
  readonly example: string;
  /** The hash of what is desired now; null: nothing is; undefined: what it is can't be told here. */
  readonly present: string | null | undefined;
  /** undefined: one of both policies isn't known. */
  readonly difference?: ReachabilityDifference;
}

/** The most trucks first. Pure. @param next undefined: a patch whose baseline isn't known. @param at milliseconds since 1970 */
export function concerns(trucks: readonly Surveyed[], next: Policy | undefined, at: number): readonly Concern[] {
  const alike = new Map<string | null | undefined, Surveyed[]>();
  for (const truck of trucks) {
    const key = truck.present === undefined ? undefined : (truck.present?.revision.hash ?? null);
    const known = alike.get(key);
    if (known === undefined) alike.set(key, [truck]);
    else known.push(truck);
  }
  const found = [...alike].flatMap(([present, [first, ...others]]): Concern[] => {
    if (first === undefined) return [];
    const difference =
      first.present === undefined || next === undefined ? undefined : reachabilityDifference(first.present, next, at);
    return [{ trucks: others.length + 1, example: first.thing, present, ...(difference && { difference }) }];
  });
  return found.sort((a, b) => b.trucks - a.trucks);
}

const SHOWN = 12;

/** For people. */
export function* concernLines(all: readonly Concern[]): Iterable<string> {
  for (const { trucks, example, present, difference } of all) {
    const now =
      present === undefined
        ? 'what is desired now can’t be told here'
        : present === null
          ? 'nothing is desired now'
          : `now ${present}`;
    yield paint(
      'bold',
      `${trucks} truck${trucks === 1 ? '' : 's'} (${example}${trucks === 1 ? '' : ', …'}): ${now}`,
      process.stderr,
    );
    if (difference === undefined)
      yield '  what changes can’t be told; --baseline FILE says what the trucks have in common';
    else if (difference.opened.length + difference.closed.length === 0) yield '  who reaches whom stays as it is';
    else {
      yield* changeLines('opens', 'red', difference.opened);
      yield* changeLines('closes', 'green', difference.closed);
    }
  }
}

function* changeLines(word: string, colour: 'red' | 'green', changes: readonly ReachabilityChange[]): Iterable<string> {
  for (const { from, to, probe, because } of changes.slice(0, SHOWN))
    yield `  ${paint(colour, word, process.stderr)} ${from} → ${to} ${probe} (${because})`;
  if (changes.length > SHOWN) yield `  and ${changes.length - SHOWN} more that it ${word}`;
}
