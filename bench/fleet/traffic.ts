import type { TallyLook, TrafficLook } from '../../lib/lab/fleet/tally.ts';

type Counted = Pick<TallyLook, 'sent' | 'heard'>;

/** What one truck says and hears in an hour in which nothing happens: the report that is due, its answer, and the evidence. Bytes are topic and payload. */
export interface Hour {
  readonly update: { readonly bytes: number };
  readonly answer: { readonly bytes: number };
  readonly evidence: { readonly bytes: number };
}

/** Messages of a kind between two looks. */
export function between(
  before: TrafficLook,
  after: TrafficLook,
  kind: string,
): { readonly messages: number; readonly bytes: number } {
  const was = before[kind] ?? { messages: 0, bytes: 0 };
  const is = after[kind] ?? { messages: 0, bytes: 0 };
  return { messages: is.messages - was.messages, bytes: is.bytes - was.bytes };
}

/** @param before and after an hour's reports of so many trucks. @throws Error if it was more or less than one report each */
export function hourOf(before: Counted, after: Counted, trucks: number): Hour {
  const [update, evidence] = [between(before.sent, after.sent, 'shadow'), between(before.sent, after.sent, 'evidence')];
  const answer = between(before.heard, after.heard, 'shadow');
  const messages = [update, evidence, answer].map((one) => one.messages);
  if (messages.some((count) => count !== trucks))
    throw new Error(`an hour's reports of ${trucks} trucks were ${messages.join(', ')} messages`);
  const each = ({ bytes }: { readonly bytes: number }) => ({ bytes: bytes / trucks });
  return { update: each(update), answer: each(answer), evidence: each(evidence) };
}
