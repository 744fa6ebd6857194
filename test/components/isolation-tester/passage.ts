import { run } from '../../../components/host/run.ts';
import { indexOfInterface, openFrameSender, sendFrame } from '../../../components/host/sockets/frames.ts';
import { SystemCallError } from '../../../components/host/sockets/libc.ts';
import { inNamespace } from '../../../components/host/sockets/namespace.ts';
import { close, openUdp, send } from '../../../components/host/sockets/sockets.ts';
import { checksum } from '../../../lib/packet/checksum.ts';
import { ETHER_IPV4, encodeFrame } from '../../../lib/packet/ethernet.ts';
import { encodeIpv4, ICMP, TCP, UDP } from '../../../lib/packet/ipv4.ts';
import { encodeSyn, encodeUdp } from '../../../lib/packet/transport.ts';
import type { TestNetwork } from './network.ts';

/** Where a frame is counted: in which place, at which hook, and by what it is known there (nft(8)). */
export interface Point {
  readonly place: string;
  readonly family?: 'inet' | 'bridge';
  readonly hook: 'prerouting' | 'input' | 'forward' | 'output' | 'postrouting';
  readonly frames: string;
}

/** One attempt: what is sent, where it is seen before anybody's rules, and where it would be seen after them. */
export interface Passage {
  readonly what: string;
  /** Synchronous, or not. */
  readonly send: () => unknown;
  readonly setsOut: Point;
  readonly arrives: Point;
}

const PATIENCE_MS = 3000;
/** Before every rule, and after every other. */
const [FIRST, LAST] = [-1000, 1000];

/**
 * In words: those that get past whatever rules there are between the two. They are tried together, so what is counted of one must be no other's.
 * @throws Error if one never set out: then nothing is shown
 */
export async function whatPasses(network: TestNetwork, passages: readonly Passage[]): Promise<readonly string[]> {
  const points = passages.flatMap(({ setsOut, arrives }, index): readonly Counted[] => [
    { chain: `start_${index}`, priority: FIRST, ...setsOut },
    { chain: `end_${index}`, priority: LAST, ...arrives },
  ]);
  const places = [...new Set(points.map(({ place }) => place))];
  const inEach = async (words: (point: Counted) => string) => {
    for (const place of places) {
      const input = new Set(points.filter((point) => point.place === place).map(words));
      await run(['nft', '-f', '-'], { netns: network.netns(place), input: [...input].join('\n') });
    }
  };
  const counts = async () => {
    const listings = await Promise.all(places.map((place) => network.sh(place, 'nft list ruleset')));
    const found = [...listings.join('').matchAll(/chain ((?:start|end)_\d+) \{[^}]*counter packets (\d+)/g)];
    return new Map(found.map(([, chain, packets]) => [chain, Number(packets)]));
  };
  await inEach(
    ({ family, chain, hook, priority, frames }) =>
      `table ${family ?? 'inet'} passages { chain ${chain} { type filter hook ${hook} priority ${priority}; ${frames} counter; }; }`,
  );
  try {
    for (const { send: action } of passages) await action();
    const deadline = performance.now() + PATIENCE_MS;
    for (;;) {
      const found = await counts();
      const waiting = passages.find((_, index) => !found.get(`start_${index}`));
      // The fate of what set out was decided in the same turn of the kernel's.
      if (waiting === undefined)
        return passages.filter((_, index) => found.get(`end_${index}`)).map(({ what }) => `${what}: it arrived`);
      if (performance.now() > deadline) throw new Error(`${waiting.what}: it never set out`);
    }
  } finally {
    await inEach(({ family }) => `delete table ${family ?? 'inet'} passages`);
  }
}

type Counted = Point & { readonly chain: string; readonly priority: number };

/** Sends a whole frame out of a place’s interface. */
export function forge(network: TestNetwork, place: string, link: string, frame: Buffer): void {
  forgeAll(network, place, link, frame, 1);
}

/** The same so many times, as fast as it can. */
export function forgeAll(network: TestNetwork, place: string, link: string, frame: Buffer, times: number): void {
  inNamespace(network.netns(place), () => {
    const socket = openFrameSender();
    try {
      const index = indexOfInterface(link) ?? 0;
      for (let sent = 0; sent < times; sent++) sendFrame(socket, index, frame);
    } finally {
      close(socket);
    }
  });
}

/** Says one word by UDP from a port of its own, from the address that the place’s routes have for it. */
export function say(network: TestNetwork, place: string, port: number, address: string, to: number): void {
  inNamespace(network.netns(place), () => {
    const socket = openUdp(port);
    try {
      send(socket, Buffer.from('x'), address, to);
    } catch (error) {
      // Whoever drops what is to go out says so to the sender.
      if (!(error instanceof SystemCallError && error.code === 'EPERM')) throw error;
    } finally {
      close(socket);
    }
  });
}

/** The Ethernet addresses, then the IPv4 addresses and UDP ports, of a frame from somebody to somebody. */
export interface Datagram {
  readonly macs: readonly [from: string, to: string];
  readonly addresses: readonly [from: string, to: string];
  readonly ports: readonly [from: number, to: number];
  /** A SYN, instead of a datagram. */
  readonly protocol?: 'tcp';
}

export function datagram({ macs, addresses, ports, protocol }: Datagram): Buffer {
  return ipv4Frame(macs, packet(addresses, ports, protocol));
}

/** “Host unreachable” about a datagram, said by somebody to its sender (RFC 792). */
export function unreachable(macs: Datagram['macs'], by: string, about: Pick<Datagram, 'addresses' | 'ports'>): Buffer {
  const quoted = packet(about.addresses, about.ports);
  const message = Buffer.concat([Buffer.of(3, 1, 0, 0, 0, 0, 0, 0), quoted]);
  message.writeUInt16BE(checksum(message), 2);
  return ipv4Frame(macs, encodeIpv4({ source: by, destination: about.addresses[0], protocol: ICMP, payload: message }));
}

const ipv4Frame = ([source, destination]: Datagram['macs'], payload: Buffer) =>
  encodeFrame({ source, destination, tags: [], etherType: ETHER_IPV4, payload });

function packet(
  [source, destination]: Datagram['addresses'],
  [sourcePort, destinationPort]: Datagram['ports'],
  protocol?: 'tcp',
): Buffer {
  const bytes = (address: string) => Buffer.from(address.split('.').map(Number));
  const ends = { source: bytes(source), destination: bytes(destination), sourcePort, destinationPort };
  return protocol === undefined
    ? encodeIpv4({ source, destination, protocol: UDP, payload: encodeUdp(ends, Buffer.from('x')) })
    : encodeIpv4({ source, destination, protocol: TCP, payload: encodeSyn(ends, 1, Buffer.from('x')) });
}
