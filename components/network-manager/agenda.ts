import { backOff } from './back-off.ts';

/**
 * When to look at the truck next. Pure: every time is given, in milliseconds of whatever clock.
 *
 * Events come in storms (a container that starts is a dozen), so a look waits until it has been quiet, but not for ever. Failing looks
 * are repeated with growing pauses. A failing repair makes events itself, so only what is noticed some time after it ends its pause.
 */
export interface Agenda {
  /** First and last event that no look has seen yet. */
  readonly noticed: { readonly first: number; readonly last: number } | null;
  readonly looking: boolean;
  /** Failed looks in a row. */
  readonly failures: number;
  /** When the last look ended; null: there was none. */
  readonly looked: number | null;
}

export interface Pace {
  /** So long must it be quiet before a look. */
  readonly quietMs: number;
  /** So late is a look at most after the first event. */
  readonly latestMs: number;
  /** So long after a repair its own events come in. */
  readonly echoMs: number;
  /** So long after a look comes the next, though nothing was noticed. */
  readonly fullLookMs: number;
}

export const EMPTY_AGENDA: Agenda = { noticed: null, looking: false, failures: 0, looked: null };

/** Something has happened. */
export function notice(agenda: Agenda, now: number): Agenda {
  return { ...agenda, noticed: { first: agenda.noticed?.first ?? now, last: now } };
}

/** What was gone is back, such as the Docker Engine: what failed is worth another try at once. */
export function encourage(agenda: Agenda, now: number): Agenda {
  return notice({ ...agenda, failures: 0 }, now);
}

/** When the next look shall begin; Infinity while there is one. */
export function dueAt({ noticed, looking, failures, looked }: Agenda, pace: Pace): number {
  if (looking) return Number.POSITIVE_INFINITY;
  if (looked === null) return 0;
  const anyway = looked + (failures > 0 ? backOff(failures) : pace.fullLookMs);
  const earliest = failures > 0 ? looked + pace.echoMs : 0;
  if (noticed === null || noticed.last < earliest) return anyway;
  return Math.min(anyway, noticed.last + pace.quietMs, Math.max(noticed.first, earliest) + pace.latestMs);
}

/** A look begins: it sees all that was noticed until now. */
export function beginLook(agenda: Agenda): Agenda {
  return { ...agenda, noticed: null, looking: true };
}

export function endLook(agenda: Agenda, now: number, outcome: 'well' | 'failed'): Agenda {
  return { ...agenda, looking: false, looked: now, failures: outcome === 'well' ? 0 : agenda.failures + 1 };
}
