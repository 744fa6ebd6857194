import { randomInt } from 'node:crypto';
import { close as closeDescriptor } from 'node:fs';
import { setImmediate as breathe } from 'node:timers/promises';
import { promisify } from 'node:util';
import { encodeEchoRequest } from '../../lib/packet/icmp.ts';
import type { Observation } from '../../lib/truck/expectation.ts';
import { inNamespace } from '../host/sockets/namespace.ts';
import {
  beginConnection,
  close,
  lostFrames,
  openIcmp,
  openListener,
  openLocalListeners,
  openTcp,
  openUdp,
  readable,
  receive,
  type Socket,
  send,
} from '../host/sockets/sockets.ts';
import { type Marked, mark, PROBES_AT_ONCE, type ProbeRequest } from './probes.ts';
import { RoundRecord } from './record.ts';

export type { ProbeRequest };

/** From where is measured: a node's network namespace. */
export interface Vantage {
  /** Name of a container or device, `router` or `internet`. */
  readonly node: string;
  /** Path: /run/netns/NAME or /proc/PID/ns/net. */
  readonly netns: string;
  /** `canary` stands in for a device: it sends for it and hears nothing for it. */
  readonly kind: 'container' | 'agent' | 'canary' | 'router' | 'internet';
}

export interface MeasureOptions {
  /** Milliseconds of silence after the last probe until what has not come counts as not coming; more when answers are slow. */
  readonly timeoutMs?: number;
  /** The same for what is probed again. */
  readonly reprobeTimeoutMs?: number;
  /** Which probes are expected to be answered; one that isn't is probed again, because a single loss proves nothing. */
  readonly expectReply: (id: string) => boolean;
}

/** How often what was expected to answer, and did not, is probed again. */
const REPROBES = 2;
/** Silence lasts at least so many times the slowest answer. */
const PATIENCE = 5;
/** Between bursts what came in is read, so that no queue runs over (an unresolved neighbour keeps about 100 packets). */
const BURST = 64;

/**
 * Sends all probes at once from their sources' namespaces, and records in every namespace what arrives and what comes back.
 * One process, no helper in any node. Needs root.
 * @returns one observation for each probe, in the order of the probes
 */
export async function measure(
  vantages: readonly Vantage[],
  probes: readonly ProbeRequest[],
  options: MeasureOptions,
): Promise<readonly Observation[]> {
  const { timeoutMs = 300, reprobeTimeoutMs = 1000, expectReply } = options;
  const found = new Map<string, Observation>();
  let round = 0;
  for (let open = probes; open.length > 0 && round <= REPROBES; round++) {
    for (let first = 0; first < open.length; first += PROBES_AT_ONCE) {
      const probes = mark(open.slice(first, first + PROBES_AT_ONCE));
      const observations = await measureRound(vantages, probes, round === 0 ? timeoutMs : reprobeTimeoutMs);
      for (const observation of observations) found.set(observation.id, observation);
    }
    open = open.filter(({ id }) => expectReply(id) && !isAnswered(found.get(id)));
  }
  return probes.map(({ id }) => found.get(id) ?? { id, arrived: null, reply: 'none', error: 'it was not sent' });
}

function isAnswered(observation: Observation | undefined): boolean {
  return observation !== undefined && observation.error === undefined && observation.reply !== 'none';
}

/** The sockets of one vantage during one round. */
interface Station {
  readonly vantage: Vantage;
  readonly listeners: readonly Socket[];
  readonly icmp: Socket;
  /** One for each TCP and UDP probe. */
  readonly others: Socket[];
}

async function measureRound(
  vantages: readonly Vantage[],
  probes: readonly Marked[],
  timeoutMs: number,
): Promise<readonly Observation[]> {
  const echoId = randomInt(0x10000);
  const record = new RoundRecord(probes, echoId);
  const stations = new Map<string, Station>();
  try {
    for (const vantage of vantages) {
      const station = openStation(vantage, probes, record);
      if (station !== null) stations.set(vantage.node, station);
    }
    const hear = hearing([...stations.values()], record);
    let lastBurst = 0;
    for (const [position, probe] of probes.entries()) {
      const station = stations.get(probe.request.from);
      if (station === undefined) record.failed(probe, `nothing measures from ${probe.request.from}`);
      else emit(probe, station, record, echoId);
      if (position - lastBurst >= BURST) {
        lastBurst = position;
        hear(0);
        await breathe();
      }
    }
    await listen(hear, record, timeoutMs);
    reportLosses([...stations.values()], probes, record);
  } finally {
    const open = [...stations.values()];
    for (const { icmp, others } of open) [icmp, ...others].forEach(close);
    await Promise.all(open.flatMap(({ listeners }) => listeners.map((listener) => closeInThread(listener))));
  }
  const listening = new Set([...stations.values()].filter(({ listeners }) => listeners.length > 0).flatMap(hears));
  return probes.map((probe) => record.observation(probe, listening));
}

/** The kernel keeps whoever closes a packet socket waiting for some 10 ms (synchronize_net); Node's threads wait side by side. */
const closeInThread = promisify(closeDescriptor);

/** A canary hears what comes to itself, which is nobody whom the policy knows. */
function hears({ vantage }: Station): readonly string[] {
  return vantage.kind === 'canary' ? [] : [vantage.node];
}

/** @returns null when the namespace is gone; then its probes have failed. */
function openStation(vantage: Vantage, probes: readonly Marked[], record: RoundRecord): Station | null {
  try {
    return inNamespace(vantage.netns, () => {
      const icmp = openIcmp();
      try {
        // At the router it counts what its rules let in; at a node, what reaches its interface.
        const listeners = vantage.kind === 'router' ? openLocalListeners() : [openListener()];
        return { vantage, listeners, icmp, others: [] };
      } catch (error) {
        close(icmp);
        throw error;
      }
    });
  } catch (error) {
    for (const probe of probes) {
      if (probe.request.from === vantage.node) record.failed(probe, `${vantage.node}: ${messageOf(error)}`);
    }
    return null;
  }
}

function emit(probe: Marked, station: Station, record: RoundRecord, echoId: number): void {
  const { address, probe: kind } = probe.request;
  try {
    if (kind.protocol === 'icmp') {
      send(station.icmp, encodeEchoRequest({ id: echoId, sequence: probe.index, data: probe.nonce }), address);
    } else {
      inNamespace(station.vantage.netns, () => {
        const socket = kind.protocol === 'tcp' ? openTcp(probe.sourcePort) : openUdp(probe.sourcePort);
        station.others.push(socket);
        if (kind.protocol === 'tcp') beginConnection(socket, address, kind.port);
        else send(socket, probe.nonce, address, kind.port);
      });
    }
    record.sent(probe, performance.now());
  } catch (error) {
    record.failed(probe, messageOf(error));
  }
}

/** Reads all that has come in; waits at most so long for the first. */
function hearing(stations: readonly Station[], record: RoundRecord): (waitMs: number) => void {
  const nodeOf = new Map(
    stations.flatMap(({ vantage, listeners }) => listeners.map((listener) => [listener, vantage.node] as const)),
  );
  const sockets = [...nodeOf.keys()];
  return (waitMs) => {
    for (const socket of readable(sockets, waitMs)) {
      const node = nodeOf.get(socket) ?? '';
      for (let packet = receive(socket); packet !== null; packet = receive(socket)) {
        record.heard(node, packet, performance.now());
      }
    }
  };
}

async function listen(hear: (waitMs: number) => void, record: RoundRecord, timeoutMs: number): Promise<void> {
  const begun = performance.now();
  for (;;) {
    const left = begun + Math.max(timeoutMs, PATIENCE * record.slowest) - performance.now();
    if (left <= 0 || record.complete) break;
    // In small pieces, so that other work of this process goes on.
    hear(Math.min(left, 20));
    await breathe();
  }
  // Time may have passed with other work, and who heard a reply first may not yet have been asked what arrived.
  hear(0);
}

/** Where frames were lost before they could be read, silence proves nothing. */
function reportLosses(stations: readonly Station[], probes: readonly Marked[], record: RoundRecord): void {
  for (const { vantage, listeners } of stations) {
    if (vantage.kind === 'router') continue;
    const lost = listeners.reduce((sum, listener) => sum + lostFrames(listener), 0);
    if (lost === 0) continue;
    for (const probe of probes) {
      const { from, to } = probe.request;
      if (from === vantage.node || to === vantage.node)
        record.failed(probe, `${lost} frames were lost at ${vantage.node}`);
    }
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
