import type { Sysctl } from '../../lib/truck/network.ts';
import { ROUTER } from '../../lib/truck/network.ts';
import type {
  Observed,
  ObservedContainer,
  ObservedLink,
  ObservedNetwork,
  ObservedRouter,
} from '../../lib/truck/observed.ts';
import { containerNamespace } from '../host/container-namespace.ts';
import { type IpLink, listDefaultRoutes, listLinks } from '../host/ip.ts';
import { run } from '../host/run.ts';
import { readSysctl } from '../host/sysctl.ts';
import { CheckpointError, readCheckpoint } from './checkpoint.ts';
import type { ListedContainer, ListedNetwork } from './engine.ts';
import { observeHostRoutes } from './host-route.ts';
import { LINK_ALIAS, OWNER, OWNER_LABEL, SPECIFICATION_LABEL } from './labels.ts';
import { currentConfiguration } from './router-configuration.ts';
import { observeRuleset } from './rulesets.ts';
import { EDGE_TABLE, HOST_TABLE, ROUTER_TABLE, type Truck } from './truck.ts';

/** Looks at everything that the truck network is about. @param sysctls those whose values are asked for. */
export async function observe(truck: Truck, sysctls: readonly Sysctl[]): Promise<Observed> {
  const [links, hostRoutes, networks, containers, hostRuleset, edgeRuleset, remembered, values] = await Promise.all([
    listLinks(),
    observeHostRoutes(),
    truck.docker.get<readonly ListedNetwork[]>('/networks'),
    truck.docker.get<readonly ListedContainer[]>('/containers/json', { all: '1' }),
    observeRuleset(HOST_TABLE, truck.state.listings),
    observeRuleset(EDGE_TABLE, truck.state.listings),
    linksInCheckpoint(truck.state.checkpoint),
    Promise.all(sysctls.map(async ({ path }) => [path, await readSysctl(path)] as const)),
  ]);
  return {
    links: observedLinks(links, networks, remembered),
    hostRoutes,
    sysctls: Object.fromEntries(values),
    hostRuleset,
    edgeRuleset,
    networks: networks.map(observedNetwork),
    containers: containers.map((container) => observedContainer(container, new Set(networks.map(({ Id }) => Id)))),
    router: await observeRouter(truck, containers),
  };
}

function isOwn(labels: Readonly<Record<string, string>> | null | undefined): boolean {
  return labels?.[OWNER_LABEL] === OWNER;
}

function observedNetwork({ Name, Labels }: ListedNetwork): ObservedNetwork {
  const owned = isOwn(Labels);
  return { name: Name, owned, specification: owned ? (Labels?.[SPECIFICATION_LABEL] ?? null) : null };
}

async function linksInCheckpoint(path: string): Promise<ReadonlySet<string>> {
  try {
    return new Set((await readCheckpoint(path)).links);
  } catch (error) {
    if (error instanceof CheckpointError) return new Set();
    throw error;
  }
}

/**
 * A link is ours by its alias; a bridge also by our Docker network on it, because Docker makes a missing bridge itself when it
 * starts before us, and by the checkpoint, because Docker may leave it behind.
 */
function observedLinks(
  links: readonly IpLink[],
  networks: readonly ListedNetwork[],
  remembered: ReadonlySet<string>,
): readonly ObservedLink[] {
  const bridges = new Set(
    networks.filter(({ Labels }) => isOwn(Labels)).map(({ Options }) => Options?.['com.docker.network.bridge.name']),
  );
  return links.map((link) => {
    const kind = link.linkinfo?.info_kind;
    const vlan = link.linkinfo?.info_data?.id;
    return {
      name: link.ifname,
      kind: kind === 'bridge' || kind === 'vlan' ? kind : 'other',
      owned: link.ifalias === LINK_ALIAS || bridges.has(link.ifname) || remembered.has(link.ifname),
      up: link.flags.includes('UP'),
      addresses: ipv4Addresses(link),
      ...(link.link === undefined ? {} : { parent: link.link }),
      ...(kind !== 'vlan' || vlan === undefined ? {} : { vlan }),
      ...(link.master === undefined ? {} : { bridge: link.master }),
    };
  });
}

function ipv4Addresses({ addr_info = [] }: IpLink): readonly string[] {
  return addr_info.filter(({ family }) => family === 'inet').map(({ local, prefixlen }) => `${local}/${prefixlen}`);
}

function observedContainer(
  { Names, Labels, State, NetworkSettings }: ListedContainer,
  networks: ReadonlySet<string>,
): ObservedContainer {
  const owned = isOwn(Labels);
  // A container that was created and never started is on its networks by name only.
  const ids = Object.values(NetworkSettings.Networks).map(({ NetworkID }) => NetworkID);
  const isOrphaned = ids.some((id) => id !== '' && !networks.has(id));
  return {
    name: nameOf(Names),
    owned,
    specification: owned ? (Labels[SPECIFICATION_LABEL] ?? null) : null,
    running: State === 'running',
    ...(isOrphaned ? { orphaned: true } : {}),
    endpoints: Object.entries(NetworkSettings.Networks).map(([network, { IPAddress, IPAMConfig }]) => ({
      network,
      address: IPAMConfig?.IPv4Address ?? IPAddress,
    })),
  };
}

/** Docker lists `/name`, and `/other/alias` for links. */
function nameOf(names: readonly string[]): string {
  return (names.find((name) => name.lastIndexOf('/') === 0) ?? names[0] ?? '').slice(1);
}

async function observeRouter(truck: Truck, containers: readonly ListedContainer[]): Promise<ObservedRouter | null> {
  const router = containers.find(({ Names, Labels }) => nameOf(Names) === ROUTER && isOwn(Labels));
  if (router?.State !== 'running') return null;
  const netns = await containerNamespace(truck.docker, ROUTER);
  if (netns === null) return null;
  const [ruleset, forwarding, links, routes, configuration] = await Promise.all([
    observeRuleset(ROUTER_TABLE, truck.state.listings, netns),
    readForwarding(netns),
    listLinks(netns),
    listDefaultRoutes(netns),
    currentConfiguration(truck.state.router),
  ]);
  return {
    ruleset,
    forwarding,
    interfaces: links
      .filter(({ ifname }) => ifname !== 'lo')
      .map((link) => ({ group: groupOf(link), addresses: ipv4Addresses(link) })),
    defaultRoutes: routes.map(({ gateway = '', metric = 0 }) => ({ gateway, metric })),
    configuration,
  };
}

/** /proc/sys/net shows the network namespace of who reads it. */
async function readForwarding(netns: string): Promise<boolean> {
  return (await run(['cat', '/proc/sys/net/ipv4/ip_forward'], { netns })).trim() === '1';
}

function groupOf({ group }: IpLink): number {
  return group === undefined || group === 'default' ? 0 : Number(group);
}
