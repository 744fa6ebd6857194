import { inNamespace } from '../../components/host/sockets/namespace.ts';
import { close, openIcmp, readable, receive, type Socket, send } from '../../components/host/sockets/sockets.ts';
import { decodeIcmp, encodeEchoRequest } from '../../lib/packet/icmp.ts';
import { decodeIpv4 } from '../../lib/packet/ipv4.ts';
import type { Expectation } from '../../lib/truck/expectation.ts';
import type { BenchNetwork } from '../network.ts';
import type { Answered } from './pairs.ts';

/** Silence after which nothing is expected any more, milliseconds. */
export const SILENCE_MS = 100;
const DATA = Buffer.alloc(16);
const BURST = 64;

/**
 * The least that a matrix can take: one socket in each namespace, everything sent at once, and whoever answers is written down. No second
 * witness, no second try, no marks that tell a stranger's answer.
 */
export function pingAtOnce(network: BenchNetwork, pairs: readonly Expectation[], id: number): Answered {
  const answered = new Set<string>();
  const sockets = new Map<string, Socket>();
  try {
    for (const { name } of network.nodes) sockets.set(name, inNamespace(network.netns(name), openIcmp));
    const all = [...sockets.values()];
    let last = performance.now();
    const hear = (waitMs: number) => {
      for (const socket of readable(all, waitMs)) {
        for (let bytes = receive(socket); bytes !== null; bytes = receive(socket)) {
          const echo = decodeIcmp(decodeIpv4(bytes)?.payload ?? Buffer.alloc(0));
          if (echo?.kind !== 'reply' || echo.id !== id) continue;
          answered.add(pairs[echo.sequence]?.id ?? '');
          last = performance.now();
        }
      }
    };
    for (const [sequence, { from, address }] of pairs.entries()) {
      send(sockets.get(from) ?? -1, encodeEchoRequest({ id, sequence, data: DATA }), address);
      if (sequence % BURST === 0) hear(0);
    }
    last = performance.now();
    while (performance.now() - last < SILENCE_MS) hear(last + SILENCE_MS - performance.now());
    return answered;
  } finally {
    [...sockets.values()].forEach(close);
  }
}
