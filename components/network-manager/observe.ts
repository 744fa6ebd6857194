import type { Sysctl } from '../../lib/truck/network.ts';
import { ROUTER } from '../../lib/truck/network.ts';
import type {
  Attachment,
  Observed,
  ObservedContainer,
  ObservedLink,
  ObservedNetwork,
  ObservedRouter,
} from '../../lib/truck/observed.ts';
import { OWN_TABLE } from '../../lib/truck/router-rules.ts';
import { ROUTER_SYSCTLS } from '../../lib/truck/router-sysctls.ts';
import { EDGE_TABLE, HOST_TABLE, ROUTER_TABLES } from '../../lib/truck/ruleset/tables.ts';
import { containerNamespace } from '../host/container-namespace.ts';
import { type IpLink, listLinks } from '../host/ip.ts';
import { viewNetwork } from '../host/network-view.ts';
import { readSysctl, readSysctlsIn } from '../host/sysctl.ts';
import { attachmentsOf, isOnBridge } from './attachments.ts';
import { CheckpointError, readCheckpoint } from './checkpoint.ts';
import type { ListedContainer, ListedNetwork } from './engine.ts';
import { observeHostRoutes } from './host-route.ts';
import { LINK_ALIAS, OWNER, OWNER_LABEL, SPECIFICATION_LABEL } from './labels.ts';
import { currentConfiguration } from './router-configuration.ts';
import { observeRuleset } from './rulesets.ts';
import type { Truck } from './truck.ts';

/** Looks at everything that the truck network is about. @param sysctls those whose values are asked for. */
export async function observe(truck: Truck, sysctls: readonly Sysctl[]): Promise<Observed> {
  const [links, hostRoutes, networks, containers, hostRuleset, edgeRuleset, remembered, values] = await Promise.all([
    listLinks(),
    observeHostRoutes(),
    truck.docker.get<readonly ListedNetwork[]>('/networks'),
    truck.docker.get<readonly ListedContainer[]>('/containers/json', { all: '1' }),
    observeRuleset([HOST_TABLE], truck.state.listings),
    observeRuleset([EDGE_TABLE], truck.state.listings),
    linksInCheckpoint(truck.state.checkpoint),
    Promise.all(sysctls.map(async ({ path }) => [path, await readSysctl(path)] as const)),
  ]);
  const bridged = new Set(
    networks.filter((network) => isOwn(network.Labels) && isOnBridge(network)).map(({ Name }) => Name),
  );
  const attachments = await Promise.all(
    containers.map(({ Id, State, NetworkSettings }) =>
      State === 'running'
        ? attachmentsOf(truck.docker, Id, NetworkSettings.Networks, bridged, links)
        : new Map<string, null>(),
    ),
  );
  return {
    links: observedLinks(links, networks, remembered),
    hostRoutes,
    sysctls: Object.fromEntries(values),
    hostRuleset,
    edgeRuleset,
    networks: networks.map(observedNetwork),
    containers: containers.map((container, index) => observedContainer(container, networks, attachments[index])),
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
  { Names, Labels, State, HostConfig, NetworkSettings }: ListedContainer,
  networks: readonly ListedNetwork[],
  attachments: ReadonlyMap<string, Attachment | null> = new Map(),
): ObservedContainer {
  const owned = isOwn(Labels);
  const { NetworkMode } = HostConfig;
  // A container that was created and never started is on its networks by name only.
  const ids = Object.values(NetworkSettings.Networks).map(({ NetworkID }) => NetworkID);
  const isOrphaned = ids.some((id) => id !== '' && !networks.some(({ Id }) => Id === id));
  return {
    name: nameOf(Names),
    owned,
    specification: owned ? (Labels[SPECIFICATION_LABEL] ?? null) : null,
    running: State === 'running',
    ...(isOrphaned ? { orphaned: true } : {}),
    // Whoever named the network by its ID is held to it all the same.
    mode: networks.find(({ Id }) => Id === NetworkMode)?.Name ?? NetworkMode,
    endpoints: Object.entries(NetworkSettings.Networks).map(([network, { IPAddress, IPAMConfig }]) => {
      const attachment = attachments.get(network);
      const address = IPAMConfig?.IPv4Address ?? IPAddress;
      return { network, address, ...(attachment === undefined ? {} : { attachment }) };
    }),
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
  const [ruleset, configuration] = await Promise.all([
    observeRuleset(ROUTER_TABLES, truck.state.listings, netns),
    currentConfiguration(truck.state.router),
  ]);
  const { links, defaultRoutes, rules } = viewNetwork(netns);
  const { [FORWARDING]: forwarding, ...sysctls } = readSysctlsIn(netns, [
    FORWARDING,
    ...ROUTER_SYSCTLS.map(({ path }) => path),
  ]);
  const routesOf = (table: number) =>
    defaultRoutes.filter((route) => route.table === table).map(({ gateway, metric }) => ({ gateway, metric }));
  return {
    ruleset,
    forwarding: forwarding === '1',
    sysctls,
    interfaces: links.map(({ group, mac, addresses }) => ({ group, mac, addresses })),
    defaultRoutes: routesOf(MAIN_TABLE),
    ownRoutes: routesOf(OWN_TABLE),
    rules,
    configuration,
  };
}

const FORWARDING = 'net/ipv4/ip_forward';
/** RT_TABLE_MAIN (linux/rtnetlink.h) */
const MAIN_TABLE = 254;
