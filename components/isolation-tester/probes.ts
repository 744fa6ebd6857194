import { randomBytes } from 'node:crypto';
import type { Probe } from '../../lib/truck/expectation.ts';

/** One probe that a measurement is asked for. */
export interface ProbeRequest {
  /** The expectation's id. */
  readonly id: string;
  readonly from: string;
  readonly to: string;
  /** IPv4 address that is probed. */
  readonly address: string;
  readonly probe: Probe;
}

/**
 * A probe with the marks by which it is known again, wherever it turns up: the nonce in its payload (ICMP, UDP), and a source port
 * that no other probe of the run has (TCP has no payload yet; masquerading keeps the port).
 */
export interface Marked {
  readonly request: ProbeRequest;
  /** Index in the run: ICMP sequence number, and offset of the source port. */
  readonly index: number;
  readonly nonce: Buffer;
  readonly sourcePort: number;
}

/** Outside the kernel's own range for ports of outgoing conversations (ip_local_port_range, 32768 to 60999). */
const FIRST_PORT = 20_000;
const PORTS = 12_000;
const NONCE_LENGTH = 16;

/** @param round of the same run: no two rounds share a nonce or, while there are enough, a port */
export function mark(requests: readonly ProbeRequest[], round: number): readonly Marked[] {
  return requests.map((request, index) => ({
    request,
    index,
    nonce: randomBytes(NONCE_LENGTH),
    sourcePort: FIRST_PORT + ((round * requests.length + index) % PORTS),
  }));
}

export function nonceOf(data: Buffer): string {
  return data.subarray(0, NONCE_LENGTH).toString('hex');
}
