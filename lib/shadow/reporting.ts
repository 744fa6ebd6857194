/**
 * When to send a report next. Pure: every time is given, in milliseconds of whatever clock.
 *
 * A shadow holds states, not events, so only the newest report counts: what was not sent when the next one comes never is, and a state that is
 * back to what was sent last costs nothing. Sending is paid for: each report takes a token, of which one comes back every so often; so a link that
 * flaps costs a bounded number of messages, and the state in which it ends is still reported.
 */
export interface Report<Document> {
  readonly document: Document;
  /** Equal for equal states, whatever the time at which they were looked at. */
  readonly key: string;
  /** What somebody waits for, such as a status: when it changes, the report hurries. */
  readonly headline: string;
}

export interface Reporting<Document> {
  /** The newest that was not sent yet, or whose sending failed. */
  readonly pending: Report<Document> | null;
  /** What the other side has last been told; null: nobody knows. */
  readonly sent: Pick<Report<Document>, 'key' | 'headline'> | null;
  readonly sending: Report<Document> | null;
  /** When the last sending began; null: never. */
  readonly begunAt: number | null;
  /** So many reports could have been sent at `countedAt`. */
  readonly tokens: number;
  readonly countedAt: number;
}

export interface ReportingPace {
  /** Between two reports. */
  readonly gapMs: number;
  /** Between two of which the second has another headline. */
  readonly hurriedGapMs: number;
  /** So many tokens at most. */
  readonly burst: number;
  /** So often a token comes back. */
  readonly tokenMs: number;
  /** So many are kept for headlines. */
  readonly kept: number;
}

/** At most 10 at once and one a minute in the long run: 70 in any hour, whatever happens. */
export const REPORTING_PACE: ReportingPace = { gapMs: 30_000, hurriedGapMs: 500, burst: 10, tokenMs: 60_000, kept: 4 };

/** So often a truck reports, though nothing has changed: a longer silence means that it is away. Messages cost money. */
export const HEARTBEAT_MS = 3_600_000;

export function startReporting<Document>(now: number, { burst }: ReportingPace): Reporting<Document> {
  return { pending: null, sent: null, sending: null, begunAt: null, tokens: burst, countedAt: now };
}

/** The state has (perhaps) changed. */
export function report<Document>(reporting: Reporting<Document>, next: Report<Document>): Reporting<Document> {
  // While something is on its way it is not known what the other side will have been told.
  const isKnown = reporting.sending === null ? reporting.sent?.key === next.key : reporting.sending.key === next.key;
  return { ...reporting, pending: isKnown ? null : next };
}

/** When the pending report is to be sent; Infinity: there is none, or one is on its way. */
export function reportDueAt<Document>(reporting: Reporting<Document>, pace: ReportingPace): number {
  const { pending, sent, sending, begunAt, tokens, countedAt } = reporting;
  if (pending === null || sending !== null) return Number.POSITIVE_INFINITY;
  const isHurried = sent === null || sent.headline !== pending.headline;
  const needed = isHurried ? 1 : 1 + pace.kept;
  const afforded = tokens >= needed ? countedAt : countedAt + (needed - tokens) * pace.tokenMs;
  const spaced = begunAt === null ? countedAt : begunAt + (isHurried ? pace.hurriedGapMs : pace.gapMs);
  return Math.max(afforded, spaced);
}

/** The pending report is being sent: `sending`. It is paid for, whatever becomes of it. */
export function beginReport<Document>(
  reporting: Reporting<Document>,
  now: number,
  { burst, tokenMs }: ReportingPace,
): Reporting<Document> {
  const { pending, tokens, countedAt } = reporting;
  const refilled = Math.min(burst, tokens + (now - countedAt) / tokenMs);
  return { ...reporting, pending: null, sending: pending, begunAt: now, tokens: refilled - 1, countedAt: now };
}

/**
 * What was being sent has arrived, or not: then it is pending again, unless something newer is; and what the other side knows is unknown, for an
 * answer that was lost looks the same.
 */
export function endReport<Document>(reporting: Reporting<Document>, outcome: 'sent' | 'failed'): Reporting<Document> {
  const { pending, sending, sent } = reporting;
  if (outcome === 'failed') return { ...reporting, sending: null, sent: null, pending: pending ?? sending };
  return {
    ...reporting,
    sending: null,
    sent: sending === null ? sent : { key: sending.key, headline: sending.headline },
  };
}
