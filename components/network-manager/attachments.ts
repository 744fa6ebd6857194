import type { Attachment } from '../../lib/truck/observed.ts';
import { portGroup } from '../../lib/truck/port-group.ts';
import { containerNamespace } from '../host/container-namespace.ts';
import type { Docker } from '../host/docker.ts';
import { hasCode } from '../host/errno.ts';
import { type IpLink, ipBatch, listLinks } from '../host/ip.ts';
import { type NetworkView, type ViewedLink, viewNetwork } from '../host/network-view.ts';
import type { ListedEndpoint, ListedNetwork } from './engine.ts';
import { OWNER, OWNER_LABEL } from './labels.ts';

type Endpoints = Readonly<Record<string, ListedEndpoint>>;

/** The attachments of a container to these networks, by network: looked at from inside and outside. Empty when it doesn't run. */
export async function attachmentsOf(
  docker: Docker,
  container: string,
  endpoints: Endpoints,
  networks: ReadonlySet<string>,
  hostLinks: readonly IpLink[],
): Promise<ReadonlyMap<string, Attachment | null>> {
  const concerned = Object.entries(endpoints).filter(([network]) => networks.has(network));
  if (concerned.length === 0) return new Map();
  const netns = await containerNamespace(docker, container);
  if (netns === null) return new Map();
  const view = viewIfThere(netns);
  if (view === null) return new Map();
  // Of several networks Docker gives one the default route, and doesn't say which.
  const hasOneNetwork = Object.keys(endpoints).length === 1;
  return pairUp(Object.fromEntries(concerned), view, hostLinks, hasOneNetwork);
}

function viewIfThere(netns: string): NetworkView | null {
  try {
    return viewNetwork(netns);
  } catch (error) {
    if (hasCode(error, 'ENOENT') || hasCode(error, 'ESRCH')) return null;
    throw error;
  }
}

/** A veth with its end in the container and its end in the host's namespace. */
interface Cable {
  readonly inside: ViewedLink;
  readonly port: IpLink;
}

/**
 * Which veth belongs to which endpoint: its name says nothing, and whoever changed something on it may have changed anything. So by what is
 * left, the surest sign first.
 */
export function pairUp(
  endpoints: Endpoints,
  view: NetworkView,
  hostLinks: readonly IpLink[],
  hasOneNetwork: boolean,
): ReadonlyMap<string, Attachment | null> {
  let cables = view.links.flatMap((inside): readonly Cable[] => {
    const port = hostLinks.find(
      (link) =>
        inside.kind === 'veth' &&
        link.linkinfo?.info_kind === 'veth' &&
        link.ifindex === inside.peer &&
        link.link_index === inside.index,
    );
    return port === undefined ? [] : [{ inside, port }];
  });
  const signs: readonly ((endpoint: ListedEndpoint, cable: Cable) => boolean)[] = [
    (endpoint, { inside }) => inside.addresses.includes(addressOf(endpoint)),
    (endpoint, { port }) => groupOf(port) === portGroup(addressOf(endpoint)),
    (endpoint, { inside }) => inside.mac === endpoint.MacAddress,
    () => Object.keys(endpoints).length === 1 && view.links.length === 1,
  ];
  const found = new Map<string, Attachment | null>(Object.keys(endpoints).map((network) => [network, null]));
  for (const sign of signs) {
    for (const [network, endpoint] of Object.entries(endpoints)) {
      const cable = found.get(network) === null ? cables.find((each) => sign(endpoint, each)) : undefined;
      if (cable === undefined) continue;
      cables = cables.filter((each) => each !== cable);
      found.set(network, attachment(endpoint, cable, view, hasOneNetwork));
    }
  }
  return found;
}

function attachment(
  endpoint: ListedEndpoint,
  { inside, port }: Cable,
  view: NetworkView,
  hasOneNetwork: boolean,
): Attachment {
  const { name, mac, addresses, up, index } = inside;
  const gateways = view.defaultRoutes
    .filter(({ link, table }) => link === index && table === MAIN_TABLE)
    .map(({ gateway }) => gateway);
  return {
    given: {
      mac: endpoint.MacAddress || mac,
      addresses: [addressOf(endpoint)],
      gateways: hasOneNetwork ? [endpoint.Gateway].filter((gateway) => gateway !== '') : gateways,
    },
    inside: { name, up, mac, addresses, gateways },
    port: { name: port.ifname, up: port.flags.includes('UP'), bridge: port.master ?? null, group: groupOf(port) },
  };
}

/** RT_TABLE_MAIN (linux/rtnetlink.h) */
const MAIN_TABLE = 254;

function addressOf({ IPAddress, IPPrefixLen }: ListedEndpoint): string {
  return `${IPAddress}/${IPPrefixLen}`;
}

function groupOf({ group }: IpLink): number {
  return group === undefined || group === 'default' ? 0 : Number(group);
}

/**
 * Puts the ports of a container that has just been started or connected into the groups of their segments, before anybody looks: until then
 * the edge knows it only by its addresses.
 */
export async function markPorts(docker: Docker, container: string): Promise<void> {
  const [{ NetworkSettings }, networks] = await Promise.all([
    docker.get<{ NetworkSettings: { Networks: Endpoints } }>(`/containers/${container}/json`),
    docker.get<readonly ListedNetwork[]>('/networks', {
      filters: JSON.stringify({ label: [`${OWNER_LABEL}=${OWNER}`] }),
    }),
  ]);
  const segments = new Set(
    networks.filter((network) => isOnBridge(network) && !network.Internal).map(({ Name }) => Name),
  );
  const attachments = await attachmentsOf(docker, container, NetworkSettings.Networks, segments, await listLinks());
  await ipBatch(
    [...attachments.values()].flatMap((found) =>
      found === null ? [] : [`link set dev ${found.port.name} group ${portGroup(found.given.addresses[0] ?? '')}`],
    ),
  );
}

/** A segment's network or the host link's (that one is internal), and not an uplink's. */
export function isOnBridge({ Options }: ListedNetwork): boolean {
  return Options?.['com.docker.network.bridge.name'] !== undefined;
}
