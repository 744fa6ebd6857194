import { close as closeDescriptor } from 'node:fs';
import { setImmediate as breathe } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Policy } from '../../lib/policy/index.ts';
import type { BypassAttempt } from '../../lib/truck/bypass.ts';
import type { BypassControls, BypassObservation, Place } from '../../lib/truck/judge-bypasses.ts';
import { INTERNET, ROUTER } from '../../lib/truck/network.ts';
import { hasCode } from '../host/errno.ts';
import { openFrameListener, openFrameSender, openLocalListeners6, sendFrame } from '../host/sockets/frames.ts';
import { SystemCallError } from '../host/sockets/libc.ts';
import { inNamespace } from '../host/sockets/namespace.ts';
import {
  close,
  lostFrames,
  openLocalListeners,
  openUdp,
  readable,
  receive,
  type Socket,
  send,
} from '../host/sockets/sockets.ts';
import { controlFrames, ordinaryControls } from './bypass-controls.ts';
import { bypassFrame } from './bypass-frame.ts';
import { BypassRecord } from './bypass-record.ts';
import type { Survey } from './bypass-survey.ts';
import type { Vantage } from './measure.ts';

export interface BypassMeasurement {
  readonly policy: Policy;
  readonly vantages: readonly Vantage[];
  readonly survey: Survey;
  /** Path of the truck's network namespace. */
  readonly truck: string;
  /** Milliseconds of listening after the last frame. */
  readonly timeoutMs: number;
}

/** Between bursts what came in is read, so that no queue runs over. */
const BURST = 32;

/**
 * Sends all attempts from their nodes' interfaces, and listens meanwhile and afterwards in every vantage, on the truck's links, and at host
 * and router themselves. One process, no helper in any node. Needs root.
 */
export async function measureBypasses(
  attempts: readonly BypassAttempt[],
  measurement: BypassMeasurement,
): Promise<{ readonly observations: readonly BypassObservation[]; readonly controls: BypassControls }> {
  const { survey, timeoutMs } = measurement;
  const record = new BypassRecord(attempts, survey.nameOf);
  const listeners = new Map<Socket, Listener>();
  const senders = new Map<string, Socket>();
  try {
    for (const [socket, listener] of open(measurement)) listeners.set(socket, listener);
    const hear = hearing(listeners, record);
    openSenders(measurement, senders);
    sendControls(measurement, senders, record);
    for (const [position, attempt] of attempts.entries()) {
      attemptOne(attempt, survey, senders, record);
      if (position % BURST === BURST - 1) {
        hear(0);
        await breathe();
      }
    }
    const deadline = performance.now() + timeoutMs;
    // In small pieces, so that other work of this process goes on.
    for (let left = timeoutMs; left > 0; left = deadline - performance.now()) {
      hear(Math.min(left, 20));
      await breathe();
    }
    hear(0);
    return { observations: record.observations(), controls: record.controls(lossyPlaces(listeners)) };
  } finally {
    for (const socket of senders.values()) close(socket);
    await Promise.all([...listeners.keys()].map((socket) => closeInThread(socket)));
  }
}

interface Listener {
  readonly place: Place;
  /** Of a packet socket it is known what it has lost. */
  readonly counts: boolean;
}

/** See measure.ts: whoever closes a packet socket waits. */
const closeInThread = promisify(closeDescriptor);

/** Whatever listens, together with what for. Sockets that are open stay in the list, whatever happens to the next. */
function* open({ policy, vantages, survey, truck }: BypassMeasurement): Generator<[Socket, Listener]> {
  for (const vantage of vantages) {
    const place = placeOf(policy, vantage);
    const sockets =
      place.role === 'router'
        ? inVantage(vantage, () => [...openLocalListeners(), ...openLocalListeners6()])
        : inVantage(vantage, () => [openFrameListener({ outgoing: false })]);
    for (const socket of sockets) yield [socket, { place, counts: place.role !== 'router' }];
  }
  const host: Place = { name: 'the host', role: 'host' };
  for (const socket of inNamespace(truck, () => [...openLocalListeners(), ...openLocalListeners6()])) {
    yield [socket, { place: host, counts: false }];
  }
  for (const place of linkPlaces(policy)) {
    const link = survey.truckLinks.get(place.name);
    if (link === undefined) continue;
    yield [inNamespace(truck, () => openFrameListener({ index: link.index, outgoing: true })), { place, counts: true }];
  }
}

/** A vantage that is gone has no sockets, so nobody is known to listen there. */
function inVantage(vantage: Vantage, action: () => readonly Socket[]): readonly Socket[] {
  try {
    return inNamespace(vantage.netns, action);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return [];
    throw error;
  }
}

function placeOf(policy: Policy, { node, kind }: Vantage): Place {
  if (kind === 'router') return { name: ROUTER, role: 'router' };
  const segment = policy.nodes.find(({ name }) => name === node)?.segment;
  return segment === undefined ? { name: node, role: 'outside' } : { name: node, role: 'node', segment };
}

/** The truck's own links: what goes out to a segment's devices is seen there, whoever they are. */
function linkPlaces(policy: Policy): readonly Place[] {
  return [
    ...policy.segments.flatMap(({ name: segment, bridge, vlanInterface }): readonly Place[] => [
      { name: bridge, role: 'bridge', segment },
      { name: vlanInterface, role: 'wire', segment },
    ]),
    ...policy.uplinks.map(({ interface: name }): Place => ({ name, role: 'outside' })),
  ];
}

function hearing(listeners: ReadonlyMap<Socket, Listener>, record: BypassRecord): (waitMs: number) => void {
  const sockets = [...listeners.keys()];
  return (waitMs) => {
    for (const socket of readable(sockets, waitMs)) {
      const place = listeners.get(socket)?.place;
      for (let bytes = receive(socket); bytes !== null; bytes = receive(socket)) {
        if (place !== undefined) record.heard(place, bytes);
      }
    }
  };
}

function lossyPlaces(listeners: ReadonlyMap<Socket, Listener>): ReadonlySet<Place> {
  return new Set(
    [...listeners]
      .filter(([socket, { counts }]) => counts && lostFrames(socket) > 0)
      .map(([_socket, { place }]) => place),
  );
}

function openSenders({ vantages }: BypassMeasurement, senders: Map<string, Socket>): void {
  for (const vantage of vantages) {
    const [socket] = inVantage(vantage, () => [openFrameSender()]);
    if (socket !== undefined) senders.set(vantage.node, socket);
  }
}

function attemptOne(
  attempt: BypassAttempt,
  survey: Survey,
  senders: ReadonlyMap<string, Socket>,
  record: BypassRecord,
): void {
  const { from, uplink, frame } = attempt;
  const [socket, port] = [senders.get(from), survey.portOf(from, uplink)];
  const receiver = survey.receiverOf(attempt);
  try {
    if (socket === undefined || port === undefined) throw new Error(`nothing can be sent from ${from}`);
    const particulars = { ...record.mark(attempt), mac: port.mac, ...(receiver === undefined ? {} : { receiver }) };
    sendFrame(socket, port.index, bypassFrame(frame, particulars));
  } catch (error) {
    record.failed(attempt, messageOf(error));
  }
}

/** A control that can't be sent is one that nobody hears. */
function sendControls(
  measurement: BypassMeasurement,
  senders: ReadonlyMap<string, Socket>,
  record: BypassRecord,
): void {
  const { policy, survey, vantages, truck } = measurement;
  for (const control of controlFrames(policy, survey)) {
    const [socket, port] = [senders.get(control.from), survey.portOf(control.from, control.uplink)];
    if (socket === undefined || port === undefined) continue;
    const frame = bypassFrame(control.frame, { ...record.mark(control), mac: port.mac });
    unlessImpossible(() => sendFrame(socket, port.index, frame));
  }
  for (const control of ordinaryControls(policy)) {
    const netns = control.from === ROUTER ? vantages.find(({ node }) => node === ROUTER)?.netns : truck;
    const { nonce } = record.mark(control);
    if (netns !== undefined) unlessImpossible(() => sendOrdinary(netns, control.address, nonce));
  }
}

function sendOrdinary(netns: string, address: string, nonce: Buffer): void {
  inNamespace(netns, () => {
    const socket = openUdp(0);
    try {
      send(socket, nonce, address, NOWHERE);
    } finally {
      close(socket);
    }
  });
}

/** Without a route, for instance, or while a link is down: where it should have been heard then counts as deaf. */
function unlessImpossible(action: () => void): void {
  try {
    action();
  } catch (error) {
    if (!(error instanceof SystemCallError) && !hasCode(error, 'ENOENT')) throw error;
  }
}

/** discard (RFC 863) */
const NOWHERE = 9;

/**
 * Says again who has the router's addresses, after others have claimed them, so that no node goes on sending to the wrong one.
 * Needs the router's vantage.
 */
export function restoreRouter({ policy, survey, vantages }: BypassMeasurement): void {
  const router = vantages.find(({ node }) => node === ROUTER);
  if (router === undefined) return;
  const [socket] = inVantage(router, () => [openFrameSender()]);
  if (socket === undefined) return;
  try {
    for (const { name, router: address, gateway } of policy.segments) {
      const port = survey.routerPort(name);
      if (port === undefined) continue;
      for (const own of [address, gateway]) {
        const packet = { type: 'arp', sender: own, target: own } as const;
        const frame = { to: 'broadcast', tags: [], packet } as const;
        sendFrame(socket, port.index, bypassFrame(frame, { mac: port.mac, nonce: Buffer.alloc(0), sourcePort: 0 }));
      }
    }
  } finally {
    close(socket);
  }
}

/** Is there a vantage from which can be sent what comes in from outside? */
export const canComeIn = (vantages: readonly Vantage[]): boolean => vantages.some(({ node }) => node === INTERNET);

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
