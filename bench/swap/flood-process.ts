import { setImmediate as breathe } from 'node:timers/promises';
import { inNamespace } from '../../components/host/sockets/namespace.ts';
import {
  close,
  lostFrames,
  openListener,
  openLocalListeners,
  openUdp,
  readable,
  receive,
  type Socket,
  send,
} from '../../components/host/sockets/sockets.ts';
import { decodeIcmp, encodeEchoRequest } from '../../lib/packet/icmp.ts';
import { decodeIpv4, ICMP } from '../../lib/packet/ipv4.ts';
import { udpData } from '../../lib/packet/ports.ts';
import type { FloodPlan, Stream, Tally } from './flood.ts';

/** Marks a packet as ours, whoever else sends. */
const MARK = 0x66_62_66_6c;
/** After the last packet was sent: what has not come by then does not come. */
const DRAIN_MS = 300;
const FIRST_PORT = 41_000;

interface Running {
  readonly stream: Stream;
  readonly index: number;
  readonly socket: Socket;
  sent: number;
  arrived: number;
  answered: number;
}

/** Sends until standard input ends, and says then what became of it. */
async function flood({ streams, target, intervalMs }: FloodPlan): Promise<readonly Tally[]> {
  let goesOn = true;
  process.stdin.on('end', () => {
    goesOn = false;
  });
  process.stdin.resume();

  // Somebody listens at the port, or the target would answer that nobody does; the datagrams themselves are seen at the interface.
  const [listener, sink] = inNamespace(target.netns, () => [openListener(), openUdp(target.port)] as const);
  const running = streams.map((stream, index): Running => {
    const socket = inNamespace(stream.netns, () =>
      stream.protocol === 'icmp' ? openRoomyIcmp() : openUdp(FIRST_PORT + index),
    );
    return { stream, index, socket, sent: 0, arrived: 0, answered: 0 };
  });
  const sources = new Map(running.map((one) => [one.socket, one]));
  const sockets = [listener, ...running.filter(({ stream }) => stream.protocol === 'icmp').map(({ socket }) => socket)];

  const sendAll = () => {
    for (const { stream, index, socket } of running) {
      const data = Buffer.alloc(8);
      data.writeUInt32BE(MARK, 0);
      data.writeUInt32BE(index, 4);
      if (stream.protocol === 'udp') send(socket, data, target.address, target.port);
      else send(socket, encodeEchoRequest({ id: index + 1, sequence: 0, data }), target.address);
    }
  };
  const hear = (waitMs: number) => {
    for (const socket of readable(sockets, waitMs)) {
      for (let bytes = receive(socket); bytes !== null; bytes = receive(socket)) {
        const heard = markOf(bytes);
        const one = running[heard?.index ?? -1];
        if (one === undefined) continue;
        if (heard?.kind === 'probe' && socket === listener) one.arrived++;
        if (heard?.kind === 'answer' && sources.get(socket) === one) one.answered++;
      }
    }
  };
  const drain = () => {
    for (const end = performance.now() + DRAIN_MS; performance.now() < end; ) hear(end - performance.now());
  };

  // Neighbours are resolved before anything counts.
  while (running.some(({ stream, arrived }) => stream.allowed && arrived === 0)) {
    sendAll();
    hear(20);
    await breathe();
    if (!goesOn) break;
  }
  drain();
  for (const one of running) Object.assign(one, { arrived: 0, answered: 0 });
  process.stdout.write('flooding\n');

  for (let next = performance.now(); goesOn; ) {
    for (; next <= performance.now(); next += intervalMs) {
      sendAll();
      for (const one of running) one.sent++;
    }
    hear(next - performance.now());
    await breathe();
  }
  drain();
  if (lostFrames(listener) > 0) throw new Error('the flood’s listener lost frames: its counts prove nothing');
  [listener, sink, ...sources.keys()].forEach(close);
  return running.map(({ stream, sent, arrived, answered }) => ({
    name: stream.name,
    allowed: stream.allowed,
    sent,
    arrived,
    answered,
  }));
}

/** Keeps the answers that come while this process waits for a core. */
function openRoomyIcmp(): Socket {
  const [icmp, ...others] = openLocalListeners();
  others.forEach(close);
  if (icmp === undefined) throw new Error('no socket for ICMP');
  return icmp;
}

function markOf(bytes: Buffer): { readonly kind: 'probe' | 'answer'; readonly index: number } | null {
  const packet = decodeIpv4(bytes);
  if (packet === null) return null;
  const echo = packet.protocol === ICMP ? decodeIcmp(packet.payload) : null;
  if (echo?.kind === 'error') return null;
  const data = echo === null ? udpData(packet.payload) : echo.data;
  if (data.length < 8 || data.readUInt32BE(0) !== MARK) return null;
  return { kind: echo?.kind === 'reply' ? 'answer' : 'probe', index: data.readUInt32BE(4) };
}

void flood(JSON.parse(process.argv[2] ?? '') as FloodPlan).then((tallies) => {
  process.stdout.write(`${JSON.stringify(tallies)}\n`);
});
