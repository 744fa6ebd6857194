import { indexOfInterface, openFrameListener } from '../../../components/host/sockets/frames.ts';
import { inNamespace } from '../../../components/host/sockets/namespace.ts';
import { close, lostFrames, receive, type Socket } from '../../../components/host/sockets/sockets.ts';
import { checksum } from '../../../lib/packet/checksum.ts';
import { decodeFrame, ETHER_IPV4, encodeFrame } from '../../../lib/packet/ethernet.ts';
import { decodeIpv4, encodeIpv4, UDP } from '../../../lib/packet/ipv4.ts';
import { BROADCAST, groupMac } from '../../../lib/packet/mac.ts';
import { checksumWithAddresses } from '../../../lib/packet/pseudo-header.ts';
import { encodeUdp } from '../../../lib/packet/transport.ts';
import type { Broadcast, Node, Policy, Segment } from '../../../lib/policy/index.ts';
import { broadcastOf } from '../../../lib/policy/ipv4.ts';
import type { TestNetwork } from './network.ts';
import { forge } from './passage.ts';

/** A message as somebody sends it by hand. */
export interface Message {
  readonly macs: readonly [from: string, to: string];
  readonly addresses: readonly [from: string, to: string];
  readonly port: number;
  /** By it the message is known again. */
  readonly text: string;
  /** Bytes of UDP payload: the text and what fills it up. */
  readonly size?: number;
  /** Words of four bytes that the IPv4 header has for options, all of them “no operation”. */
  readonly options?: number;
}

/** What was heard: where, and how it looked there. */
export interface Heard {
  readonly place: string;
  readonly text: string;
  readonly macs: readonly [from: string, to: string];
  readonly addresses: readonly [from: string, to: string];
  readonly ttl: number;
  /** Are the checksums of IPv4 and UDP right? */
  readonly intact: boolean;
}

export const EVERYBODY = '255.255.255.255';
const END = '.';

/** A broadcast with what its names mean, and the message that its source sends, to each address that it may send it to. */
export interface Declared {
  readonly broadcast: Broadcast;
  readonly source: Node;
  readonly home: Segment;
  readonly targets: readonly Segment[];
  readonly messages: readonly Message[];
}

export function declaredIn(policy: Policy): readonly Declared[] {
  return policy.broadcasts.map((broadcast) => {
    const source = policy.nodes.find(({ name }) => name === broadcast.from);
    const home = policy.segments.find(({ name }) => name === source?.segment);
    if (source === undefined || home === undefined) throw new Error(`${broadcast.name} has no source`);
    const { group, name, port } = broadcast;
    return {
      ...{ broadcast, source, home },
      targets: policy.segments.filter((segment) => broadcast.to.includes(segment.name)),
      messages: (group === undefined ? [EVERYBODY, broadcastOf(home.subnet)] : [group]).map((to) => ({
        macs: [source.mac, group === undefined ? BROADCAST : groupMac(group)],
        addresses: [source.address, to],
        port,
        text: `${name} to ${to}`,
      })),
    };
  });
}

/** Sends it out of a place’s interface. */
export function tell(network: TestNetwork, place: string, message: Message): void {
  forge(network, place, 'eth0', messageFrame(message));
}

export function messageFrame({ macs, addresses, port, text, size = 0, options = 0 }: Message): Buffer {
  const [source, destination] = addresses;
  const bytes = (address: string) => Buffer.from(address.split('.').map(Number));
  const ends = { source: bytes(source), destination: bytes(destination), sourcePort: 50_000, destinationPort: port };
  const data = Buffer.from(`${text}${END}`.padEnd(size, 'x'));
  const packet = encodeIpv4({ source, destination, protocol: UDP, payload: encodeUdp(ends, data) });
  return encodeFrame({
    ...{ source: macs[0], destination: macs[1], tags: [], etherType: ETHER_IPV4 },
    payload: withOptions(packet, options),
  });
}

function withOptions(packet: Buffer, words: number): Buffer {
  if (words === 0) return packet;
  const header = Buffer.concat([packet.subarray(0, 20), Buffer.alloc(4 * words, 1)]);
  header.writeUInt8(0x45 + words, 0);
  header.writeUInt16BE(packet.length + 4 * words, 2);
  header.writeUInt16BE(0, 10);
  header.writeUInt16BE(checksum(header), 10);
  return Buffer.concat([header, packet.subarray(20)]);
}

/** Listens in places, at their eth0, for what comes in to these ports. */
export class Ears {
  readonly #sockets: readonly (readonly [place: string, socket: Socket])[];
  readonly #ports: ReadonlySet<number>;
  readonly #heard: Heard[] = [];

  constructor(network: TestNetwork, places: readonly string[], ports: readonly number[]) {
    this.#ports = new Set(ports);
    this.#sockets = places.map((place) => [
      place,
      inNamespace(network.netns(place), () =>
        openFrameListener({ index: indexOfInterface('eth0') ?? 0, outgoing: false }),
      ),
    ]);
  }

  /** All that was heard so far. @throws Error if something was lost: then silence proves nothing */
  heard(): readonly Heard[] {
    for (const [place, socket] of this.#sockets) {
      for (let bytes = receive(socket); bytes !== null; bytes = receive(socket)) {
        const found = this.#read(place, bytes);
        if (found !== null) this.#heard.push(found);
      }
      if (lostFrames(socket) > 0) throw new Error(`${place} lost frames`);
    }
    return this.#heard;
  }

  close(): void {
    for (const [, socket] of this.#sockets) close(socket);
  }

  #read(place: string, bytes: Buffer): Heard | null {
    const frame = decodeFrame(bytes);
    if (frame?.etherType !== ETHER_IPV4) return null;
    const packet = decodeIpv4(frame.payload);
    if (packet?.protocol !== UDP || packet.payload.length < 8) return null;
    const { source, destination, payload } = packet;
    if (!this.#ports.has(payload.readUInt16BE(2))) return null;
    const header = frame.payload.subarray(0, (frame.payload.readUInt8(0) & 0x0f) * 4);
    const ends = [source, destination].map((address) => Buffer.from(address.split('.').map(Number)));
    const [from = Buffer.alloc(4), to = Buffer.alloc(4)] = ends;
    const data = payload.subarray(8).toString('latin1');
    return {
      place,
      text: data.slice(0, Math.max(0, data.lastIndexOf(END))),
      macs: [frame.source, frame.destination],
      addresses: [source, destination],
      ttl: frame.payload.readUInt8(8),
      intact: checksum(header) === 0 && checksumWithAddresses(from, to, UDP, payload) === 0,
    };
  }
}
