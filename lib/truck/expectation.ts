/**
 * What the policy promises about one pair, and what was measured.
 */

/** What is sent: an ICMP echo request (RFC 792), a TCP SYN (RFC 9293) or a UDP datagram to a port. */
export type Probe = { readonly protocol: 'icmp' } | { readonly protocol: 'tcp' | 'udp'; readonly port: number };

/** One promise of the policy: (from, to, probe) → verdict, with the rule that explains it. */
export interface Expectation {
  /** Unique within a truck network, stable between compilations: `container1>device1 icmp`, `container1>router@br1net icmp`. */
  readonly id: string;
  /** Node that opens the conversation: a container's or device's name, or `router`. */
  readonly from: string;
  /** Node spoken to: a name, `router` or `internet`. */
  readonly to: string;
  /** IPv4 address that is probed. */
  readonly address: string;
  readonly probe: Probe;
  readonly verdict: 'reachable' | 'isolated';
  /** The rule of the policy that explains the verdict, in words. */
  readonly because: string;
}

/**
 * What one probe saw. "Arrived" is the target's own record (a packet socket in its network namespace), "reply" is what came
 * back to the source: only both together tell a leak whose answer was dropped, or somebody else who answered.
 */
export interface Observation {
  /** The expectation's id. */
  readonly id: string;
  /** Did the probe's nonce arrive at the target? null: nobody of ours listens there. */
  readonly arrived: boolean | null;
  /** `answer`: echo reply, SYN-ACK or UDP answer; `refused`: RST or ICMP port unreachable from the target itself; `rejected`: an ICMP error (or RST) of somebody else. */
  readonly reply: 'answer' | 'refused' | 'rejected' | 'none';
  /** Milliseconds from sending to the reply. */
  readonly roundTripMs?: number;
  /** Why the probe itself failed; then nothing else counts. */
  readonly error?: string;
}
