import { decodeIcmp } from '../../lib/packet/icmp.ts';
import { decodeIpv4, ICMP, type Ipv4Packet, TCP, UDP } from '../../lib/packet/ipv4.ts';
import { decodePorts, decodeTcp, udpData } from '../../lib/packet/ports.ts';
import type { Observation } from '../../lib/truck/expectation.ts';
import { type Marked, nonceOf } from './probes.ts';

/** What became of one probe so far. */
interface Trace {
  sentAt?: number;
  arrived: boolean;
  reply: Observation['reply'];
  roundTripMs?: number;
  error?: string;
}

/**
 * The record of one round: who saw which packet. It knows probes by their marks wherever they turn up, and believes an arrival only from
 * the target's own vantage and a reply only from the source's.
 */
export class RoundRecord {
  readonly #traces: Map<Marked, Trace>;
  readonly #byNonce: ReadonlyMap<string, Marked>;
  readonly #byPort: ReadonlyMap<number, Marked>;
  readonly #byIndex: ReadonlyMap<number, Marked>;
  readonly #echoId: number;

  constructor(probes: readonly Marked[], echoId: number) {
    this.#traces = new Map(probes.map((probe) => [probe, { arrived: false, reply: 'none' }]));
    this.#byNonce = new Map(probes.map((probe) => [probe.nonce.toString('hex'), probe]));
    this.#byPort = new Map(
      probes.filter(({ request }) => request.probe.protocol !== 'icmp').map((probe) => [probe.sourcePort, probe]),
    );
    this.#byIndex = new Map(probes.map((probe) => [probe.index, probe]));
    this.#echoId = echoId;
  }

  sent(probe: Marked, now: number): void {
    this.#trace(probe).sentAt = now;
  }

  failed(probe: Marked, error: string): void {
    this.#trace(probe).error ??= error;
  }

  /** A packet as a vantage heard it. @param node the vantage's node @param now milliseconds */
  heard(node: string, bytes: Buffer, now: number): void {
    const packet = decodeIpv4(bytes);
    if (packet === null) return;
    if (packet.protocol === ICMP) this.#heardIcmp(node, packet, now);
    else if (packet.protocol === TCP) this.#heardTcp(node, packet, now);
    else if (packet.protocol === UDP) this.#heardUdp(node, packet, now);
  }

  /** Has every probe that was sent had an answer? Then there is nothing to wait for. */
  get complete(): boolean {
    return [...this.#traces.values()].every(({ reply, error }) => reply !== 'none' || error !== undefined);
  }

  /** Milliseconds of the slowest answer so far. */
  get slowest(): number {
    return Math.max(0, ...[...this.#traces.values()].map(({ roundTripMs = 0 }) => roundTripMs));
  }

  /** @param listening nodes that have a vantage: of others nobody knows what arrived */
  observation(probe: Marked, listening: ReadonlySet<string>): Observation {
    const { arrived, reply, roundTripMs, error } = this.#trace(probe);
    const heard = listening.has(probe.request.to) ? arrived : null;
    return {
      id: probe.request.id,
      arrived: heard,
      // A reset in the name of a target that never got the probe is somebody else's.
      reply: reply === 'refused' && heard === false ? 'rejected' : reply,
      ...(roundTripMs === undefined ? {} : { roundTripMs }),
      ...(error === undefined ? {} : { error }),
    };
  }

  #heardIcmp(node: string, { source, payload }: Ipv4Packet, now: number): void {
    const message = decodeIcmp(payload);
    if (message === null) return;
    if (message.kind === 'error') {
      const probe = this.#aboutWhich(message.about);
      if (probe?.request.from !== node) return;
      this.#reply(probe, message.portUnreachable && source === probe.request.address ? 'refused' : 'rejected', now);
      return;
    }
    const probe = this.#byNonce.get(nonceOf(message.data));
    if (probe === undefined) return;
    if (message.kind === 'request') this.#arrival(probe, node);
    else if (probe.request.from === node) this.#reply(probe, 'answer', now);
  }

  #heardTcp(node: string, { source, destination, payload }: Ipv4Packet, now: number): void {
    const head = decodeTcp(payload);
    if (head === null) return;
    const begun = this.#byPort.get(head.sourcePort);
    if (head.syn && !head.ack && begun !== undefined && isTo(begun, 'tcp', destination, head.destinationPort)) {
      this.#arrival(begun, node);
      return;
    }
    const answered = this.#byPort.get(head.destinationPort);
    if (answered?.request.from !== node || !isTo(answered, 'tcp', source, head.sourcePort)) return;
    if (head.rst) this.#reply(answered, 'refused', now);
    else if (head.syn && head.ack) this.#reply(answered, 'answer', now);
  }

  #heardUdp(node: string, { source, payload }: Ipv4Packet, now: number): void {
    const ports = decodePorts(payload);
    if (ports === null) return;
    const arrived = this.#byNonce.get(nonceOf(udpData(payload)));
    // The nonce survives masquerading; an echo of it comes from the probed port and is no arrival.
    if (arrived !== undefined && ports.destinationPort === portOf(arrived)) this.#arrival(arrived, node);
    const answered = this.#byPort.get(ports.destinationPort);
    if (answered?.request.from === node && isTo(answered, 'udp', source, ports.sourcePort)) {
      this.#reply(answered, 'answer', now);
    }
  }

  #aboutWhich({ protocol, payload }: Ipv4Packet): Marked | undefined {
    if (protocol !== ICMP) return this.#byPort.get(decodePorts(payload)?.sourcePort ?? -1);
    return payload.length >= 8 && payload.readUInt16BE(4) === this.#echoId
      ? this.#byIndex.get(payload.readUInt16BE(6))
      : undefined;
  }

  #arrival(probe: Marked, node: string): void {
    if (probe.request.to === node) this.#trace(probe).arrived = true;
  }

  /** The first word counts, except that an answer outweighs what somebody else says. */
  #reply(probe: Marked, reply: Observation['reply'], now: number): void {
    const trace = this.#trace(probe);
    if (trace.reply !== 'none' && !(trace.reply === 'rejected' && reply !== 'rejected')) return;
    trace.reply = reply;
    if (trace.sentAt !== undefined) trace.roundTripMs = now - trace.sentAt;
  }

  #trace(probe: Marked): Trace {
    const trace = this.#traces.get(probe);
    if (trace === undefined) throw new Error(`${probe.request.id} is no probe of this round`);
    return trace;
  }
}

function isTo({ request }: Marked, protocol: 'tcp' | 'udp', address: string, port: number): boolean {
  return request.probe.protocol === protocol && request.address === address && request.probe.port === port;
}

function portOf({ request: { probe } }: Marked): number {
  return probe.protocol === 'icmp' ? 0 : probe.port;
}
