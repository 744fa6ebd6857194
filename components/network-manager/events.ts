import { readlinkSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { HOST_ROUTE_METRIC, ROUTER } from '../../lib/truck/network.ts';
import { ROUTER_SYSCTLS } from '../../lib/truck/router-sysctls.ts';
import { containerNamespace } from '../host/container-namespace.ts';
import type { Docker } from '../host/docker.ts';
import { hasCode } from '../host/errno.ts';
import type { Listener } from '../host/listener.ts';
import { type MonitorOptions, monitor } from '../host/monitor.ts';
import { watchSysctls } from '../host/sysctl.ts';

/** Where events come from, until the signal ends it. One that ends by itself throws; it is started again. */
export interface EventSource {
  readonly name: string;
  /** Nothing to report when it isn't there: it comes and goes. */
  readonly transient?: boolean;
  /** When it comes back, what failed without it is worth another try. */
  readonly vital?: boolean;
  readonly listen: (listener: Listener, signal: AbortSignal) => Promise<void>;
}

/**
 * The host's links, and with `all-nsid` those of every namespace that has a veth to the host's, so of all containers, in one process
 * (NETLINK_LISTEN_ALL_NSID, netlink(7)). Each event after the namespace and the word for what it is about; `netconf` tells of forwarding that
 * is switched (ip-monitor(8)).
 */
const LINKS = ['ip', '-4', '-o', 'monitor', 'all-nsid', 'label', 'link', 'address', 'route', 'netconf'];
const ROUTER_LINKS = ['ip', '-4', '-o', 'monitor', 'link', 'address', 'route', 'rule', 'netconf'];
const RULES = ['nft', 'monitor'];

/** The host's own routing is not ours, except for the route over the host link, which has a metric of its own. */
export const isOurs = (event: string) =>
  !event.startsWith('[nsid current][ROUTE]') || event.includes(`metric ${HOST_ROUTE_METRIC}`);

/** What can change a truck network; not what a health check or a `docker exec` makes. */
const DOCKER_EVENTS = {
  type: ['container', 'network'],
  event: ['create', 'start', 'die', 'destroy', 'rename', 'pause', 'unpause', 'connect', 'disconnect', 'remove'],
};

/** How often sysctls are read, and how soon a router that has gone is noticed without Docker's help. Milliseconds. */
const LOOK_EVERY_MS = 1000;

const GONE = 'the router has ended';

/** Everything that tells of changes on a truck. @param sysctls paths of those that matter now */
export function eventSources(docker: Docker, sysctls: () => readonly string[]): readonly EventSource[] {
  return [
    { name: 'links', listen: (listener, signal) => monitorLinks(listener, { signal }) },
    { name: 'rules', listen: (listener, signal) => monitor(RULES, listener, { signal }) },
    {
      name: 'sysctls',
      listen: (listener, signal) => watchSysctls(sysctls, listener, { everyMs: LOOK_EVERY_MS, signal }),
    },
    { name: 'Docker', vital: true, listen: (listener, signal) => docker.events(DOCKER_EVENTS, listener, signal) },
    { name: 'router', transient: true, listen: (listener, signal) => listenInRouter(docker, listener, signal) },
  ];
}

/** Links, addresses and switches of the host and of containers, containers' routes, and the host's route over the host link. */
export function monitorLinks(listener: Listener, options: MonitorOptions): Promise<void> {
  return monitor(LINKS, listener, { ...options, concerns: isOurs });
}

/** Links, routing rules, nftables rules and sysctls in the router's namespace, as long as the router lives. */
async function listenInRouter(docker: Docker, listener: Listener, signal: AbortSignal): Promise<void> {
  const netns = await containerNamespace(docker, ROUTER);
  if (netns === null) throw new Error('the router does not run');
  const gone = new AbortController();
  const ended = AbortSignal.any([signal, gone.signal]);
  const options = { netns, signal: ended };
  const quietly = { ...listener, began: () => undefined };
  const all = [
    monitor(ROUTER_LINKS, listener, options),
    monitor(RULES, listener, options),
    watchSysctls(() => ROUTER_SYSCTLS.map(({ path }) => path), quietly, { everyMs: LOOK_EVERY_MS, ...options }).catch(
      orGone,
    ),
    untilGone(netns, ended),
  ];
  try {
    await Promise.race(all);
  } finally {
    gone.abort();
    // Nobody may stay behind in there: a namespace lives as long as somebody is in it, and its addresses with it.
    await Promise.allSettled(all);
  }
}

function orGone(error: unknown): never {
  throw hasCode(error, 'ENOENT') || hasCode(error, 'ESRCH') ? new Error(GONE) : error;
}

/** @throws Error when the namespace is no longer that of the process */
async function untilGone(netns: string, signal: AbortSignal): Promise<void> {
  const identity = identityOf(netns);
  while (!signal.aborted) {
    if (identityOf(netns) !== identity || identity === null) throw new Error(GONE);
    await pause(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined);
  }
}

function identityOf(netns: string): string | null {
  try {
    return readlinkSync(netns);
  } catch (error) {
    if (hasCode(error, 'ENOENT') || hasCode(error, 'ESRCH')) return null;
    throw error;
  }
}
