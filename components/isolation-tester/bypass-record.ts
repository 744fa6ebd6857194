import { randomBytes, randomInt } from 'node:crypto';
import { decodeArp } from '../../lib/packet/arp.ts';
import { decodeFrame, ETHER_ARP, ETHER_IPV4 } from '../../lib/packet/ethernet.ts';
import { decodeIpv4, TCP } from '../../lib/packet/ipv4.ts';
import { decodeTcp } from '../../lib/packet/ports.ts';
import type { BypassAttempt } from '../../lib/truck/bypass.ts';
import type { BypassControls, BypassObservation, Place } from '../../lib/truck/judge-bypasses.ts';

/** A control: a plain frame that somebody should hear. Its name is what that proves. */
export interface Control {
  readonly from: string;
  /** Where it is to be heard; outside, unless told. */
  readonly segment?: string;
  readonly proves: string;
  /** The address that an ARP request asks for. */
  readonly asked?: string;
}

/** What marks a frame: see `Particulars`. */
export interface BypassMark {
  readonly nonce: Buffer;
  readonly sourcePort: number;
}

interface Trace {
  readonly arrivedAt: Set<Place>;
  readonly answeredBy: Set<string>;
  error?: string;
}

const PREFIX = 12;
/** Outside the kernel's own range for outgoing conversations; an attempt's number chooses among them. */
const FIRST_PORT = 20_000;
const PORTS = 12_000;

/** The record of one round of attempts: who got which frame, and who answered. Frames are known by a nonce, TCP answers by their port. */
export class BypassRecord {
  readonly #prefix = randomBytes(PREFIX);
  readonly #firstPort = randomInt(PORTS);
  readonly #sent: (BypassAttempt | Control)[] = [];
  readonly #traces: ReadonlyMap<string, Trace>;
  readonly #heard = new Set<string>();
  readonly #hearing = new Set<Place>();
  readonly #nameOf: (mac: string) => string;

  /** @param nameOf what the owner of a MAC address is called */
  constructor(attempts: readonly BypassAttempt[], nameOf: (mac: string) => string) {
    this.#traces = new Map(attempts.map(({ id }) => [id, { arrivedAt: new Set(), answeredBy: new Set() }]));
    this.#nameOf = nameOf;
  }

  /** How what is about to be sent will be known again. */
  mark(sent: BypassAttempt | Control): BypassMark {
    const index = this.#sent.push(sent) - 1;
    const number = Buffer.alloc(4);
    number.writeUInt32BE(index);
    return {
      nonce: Buffer.concat([this.#prefix, number]),
      sourcePort: FIRST_PORT + ((this.#firstPort + index) % PORTS),
    };
  }

  failed({ id }: BypassAttempt, error: string): void {
    const trace = this.#traces.get(id);
    if (trace !== undefined) trace.error ??= error;
  }

  /** What a place heard: a frame, or, at the host and the router themselves, a packet. */
  heard(place: Place, bytes: Buffer): void {
    const at = bytes.indexOf(this.#prefix);
    if (at >= 0 && at + PREFIX + 4 <= bytes.length) {
      const sent = this.#sent[bytes.readUInt32BE(at + PREFIX)];
      if (sent !== undefined) this.#known(place, sent, bytes);
    } else if (place.role === 'node' || place.role === 'outside') this.#unmarked(place, bytes);
  }

  observations(): readonly BypassObservation[] {
    return [...this.#traces].map(([id, { arrivedAt, answeredBy, error }]) => ({
      ...{ id, arrivedAt: [...arrivedAt], answeredBy: [...answeredBy] },
      ...(error === undefined ? {} : { error }),
    }));
  }

  /** @param lossy places that lost frames: their silence proves nothing */
  controls(lossy: ReadonlySet<Place>): BypassControls {
    return { heard: this.#heard, hearing: [...this.#hearing].filter((place) => !lossy.has(place)) };
  }

  #known(place: Place, sent: BypassAttempt | Control, bytes: Buffer): void {
    const own = place.name === sent.from;
    if ('proves' in sent) {
      this.#hearing.add(place);
      const isMeant = sent.segment === undefined ? place.role === 'outside' : place.segment === sent.segment;
      if (isMeant && !own) this.#heard.add(sent.proves);
      return;
    }
    const trace = this.#traces.get(sent.id);
    // What comes back to the sender is an answer, or the error of somebody who took it.
    if (own) trace?.answeredBy.add(this.#nameOf(decodeFrame(bytes)?.source ?? ''));
    else trace?.arrivedAt.add(place);
  }

  /** Answers that do not repeat what was sent. */
  #unmarked(place: Place, bytes: Buffer): void {
    const frame = decodeFrame(bytes);
    if (frame === null) return;
    if (frame.etherType === ETHER_ARP) {
      const message = decodeArp(frame.payload);
      if (message?.operation === 'reply') this.#arpReply(place, message.senderAddress, frame.source);
    } else if (frame.etherType === ETHER_IPV4) {
      const packet = decodeIpv4(frame.payload);
      if (packet?.protocol === TCP) this.#tcpReply(place, packet.source, packet.payload, frame.source);
    }
  }

  #arpReply(place: Place, address: string, mac: string): void {
    for (const sent of this.#sent) {
      if (sent.from !== place.name) continue;
      if ('proves' in sent) {
        if (sent.asked === address) this.#hearing.add(place);
      } else if (isQuestionAbout(address, sent)) this.#traces.get(sent.id)?.answeredBy.add(this.#nameOf(mac));
    }
  }

  #tcpReply(place: Place, source: string, segment: Buffer, mac: string): void {
    const head = decodeTcp(segment);
    if (head === null) return;
    const index = (((head.destinationPort - FIRST_PORT - this.#firstPort) % PORTS) + PORTS) % PORTS;
    for (let candidate = index; candidate < this.#sent.length; candidate += PORTS) {
      const sent = this.#sent[candidate];
      if (sent === undefined || 'proves' in sent || sent.from !== place.name) continue;
      const { packet } = sent.frame;
      if (packet.type !== 'ipv4' || packet.protocol !== 'tcp') continue;
      if (packet.destination === source && packet.port === head.sourcePort) {
        this.#traces.get(sent.id)?.answeredBy.add(this.#nameOf(mac));
      }
    }
  }
}

/** Who announces an address may be contradicted by its owner: that is no leak. */
function isQuestionAbout(address: string, { frame: { packet } }: BypassAttempt): boolean {
  return packet.type === 'arp' && packet.target === address && packet.sender !== address;
}
