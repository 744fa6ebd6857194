import { HEARTBEAT_MS } from '../../lib/shadow/reporting.ts';

/** What a truck that has nothing to do costs its owner, computed from what was measured of it. Pure. */

/** A message that the truck published. */
export interface Message {
  readonly topic: string;
  /** Of its payload. */
  readonly bytes: number;
}

/** What was heard and counted while nothing happened. */
export interface Idle {
  readonly seconds: number;
  /** IP packets between the truck's uplink and the broker's port, headers and all. */
  readonly sentBytes: number;
  readonly receivedBytes: number;
  readonly messages: readonly Message[];
}

export interface Hourly {
  readonly sentBytes: number;
  readonly receivedBytes: number;
  readonly messages: number;
}

const HOUR_MS = 3_600_000;
/** Ethernet's 1,500 bytes without IPv4 (20) and TCP with time stamps (32; RFC 7323). */
const SEGMENT_BYTES = 1448;
const HEADERS_BYTES = 52;
/** TLS 1.3: header 5, type 1, tag 16 (RFC 8446, 5.2 and 5.3). */
const RECORD_BYTES = 22;
/** PUBACK: 4 bytes (MQTT 3.1.1), in a record and a segment of its own. */
const ACKNOWLEDGED_BYTES = 4 + RECORD_BYTES + HEADERS_BYTES;

/** Scaled to an hour, and on top what every heartbeat takes, none of which may be due while it is idle (`untilQuietMs`). */
export function hourly(idle: Idle, heartbeat: readonly Message[]): Hourly {
  const times = HOUR_MS / 1000 / idle.seconds;
  const beats = HOUR_MS / HEARTBEAT_MS;
  const sum = (of: (report: Message) => number) => beats * heartbeat.reduce((total, report) => total + of(report), 0);
  return {
    sentBytes: idle.sentBytes * times + sum(publishedBytes),
    receivedBytes: idle.receivedBytes * times + sum(() => ACKNOWLEDGED_BYTES),
    messages: idle.messages.length * times + sum(() => 1),
  };
}

/** A message with quality of service 1 on the wire: a PUBLISH in one TLS record, in as many segments as that takes. */
export function publishedBytes({ topic, bytes }: Message): number {
  const body = 2 + Buffer.byteLength(topic) + 2 + bytes;
  const remainingLength = body < 128 ? 1 : body < 16_384 ? 2 : 3;
  const record = 1 + remainingLength + body + RECORD_BYTES;
  return record + Math.ceil(record / SEGMENT_BYTES) * HEADERS_BYTES;
}

/** What comes with every heartbeat: of each of these topics the largest message that was heard, because it may well be as large. */
export function largestOf(topics: readonly string[], heard: readonly Message[]): readonly Message[] {
  return topics.flatMap((topic) =>
    heard
      .filter((message) => message.topic === topic)
      .sort((a, b) => b.bytes - a.bytes)
      .slice(0, 1),
  );
}

/**
 * The heart beats at the full hour, with the next measurement: milliseconds until a window of this length has none of that in it.
 * @param now milliseconds since 1970
 * @param settleMs so long after the hour it has been reported
 */
export function untilQuietMs(now: number, windowMs: number, settleMs: number): number {
  const since = now % HEARTBEAT_MS;
  if (since < settleMs) return settleMs - since;
  return since + windowMs <= HEARTBEAT_MS ? 0 : HEARTBEAT_MS - since + settleMs;
}
