import { randomBytes, randomInt } from 'node:crypto';
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
 * that no other probe has had for a while (TCP has no payload yet, a UDP answer need not repeat one; masquerading keeps the port).
 */
export interface Marked {
  readonly request: ProbeRequest;
  /** Index in the round: ICMP sequence number. */
  readonly index: number;
  readonly nonce: Buffer;
  readonly sourcePort: number;
}

/** Outside the kernel's own range for ports of outgoing conversations (ip_local_port_range, 32768 to 60999). */
const FIRST_PORT = 20_000;
const PORTS = 12_000;
const NONCE_LENGTH = 16;

/** More would have to share ports. */
export const PROBES_AT_ONCE = PORTS;

/** Ports are taken in turn from a random one on: what an earlier measurement left on its way, or in a router's memory, has another. */
let nextPort = randomInt(PORTS);

/** @param requests at most PROBES_AT_ONCE */
export function mark(requests: readonly ProbeRequest[]): readonly Marked[] {
  return requests.map((request, index) => ({
    request,
    index,
    nonce: randomBytes(NONCE_LENGTH),
    sourcePort: FIRST_PORT + (nextPort++ % PORTS),
  }));
}

export function nonceOf(data: Buffer): string {
  return data.subarray(0, NONCE_LENGTH).toString('hex');
}
