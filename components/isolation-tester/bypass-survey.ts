import type { Policy } from '../../lib/policy/index.ts';
import { contains, toNumber, toSubnet } from '../../lib/policy/ipv4.ts';
import type { BypassAttempt, Surroundings, UplinkSurroundings } from '../../lib/truck/bypass.ts';
import { uplinkGroups } from '../../lib/truck/groups.ts';
import { INTERNET, ROUTER } from '../../lib/truck/network.ts';
import { type IpLink, listDefaultRoutes, listLinks } from '../host/ip.ts';
import { CommandError } from '../host/run.ts';
import type { Vantage } from './measure.ts';

/** An interface by which frames are sent. */
export interface Port {
  readonly index: number;
  readonly mac: string;
}

/** Who is where on this truck: what a frame's description leaves open. */
export interface Survey {
  readonly surroundings: Surroundings;
  /** Links of the truck itself, by name. */
  readonly truckLinks: ReadonlyMap<string, Port>;
  /** A node's interface in its segment, or that of the internet's vantage in the uplink's network. */
  portOf(from: string, uplink?: string): Port | undefined;
  /** The router's interface in a segment or an uplink. */
  routerPort(network: string): Port | undefined;
  /** Whom an attempt's frame is sent to, unless that is everybody or a group; undefined when nobody knows. */
  receiverOf(attempt: BypassAttempt): string | undefined;
  /** What the owner of a MAC address is called; the address itself, if nobody knows. */
  nameOf(mac: string): string;
}

/** Looks who is where. @param truck path of its network namespace, if it isn't this process's own @throws CommandError */
export async function survey(policy: Policy, vantages: readonly Vantage[], truck?: string): Promise<Survey> {
  const [truckLinks, ...others] = await Promise.all([listLinks(truck), ...vantages.map(linksAt)]);
  const linksOf = new Map(vantages.map(({ node }, index) => [node, others[index] ?? []]));
  const routerLinks = linksOf.get(ROUTER) ?? [];
  const routerNetns = vantages.find(({ node }) => node === ROUTER)?.netns;
  const routes = routerNetns === undefined ? [] : await listDefaultRoutes(routerNetns).catch(gone);
  const bridges = new Map(truckLinks.map((link) => [link.ifname, link]));
  const routerPorts = new Map<string, IpLink>();
  for (const { name, router } of policy.segments) setFound(routerPorts, name, holderOf(routerLinks, router));
  for (const { name, group } of uplinkGroups(policy)) {
    setFound(
      routerPorts,
      name,
      routerLinks.find((link) => link.group === `${group}`),
    );
  }
  const standIns: Record<string, string> = {};
  const nodePorts = new Map<string, IpLink>();
  for (const { node, kind } of vantages) {
    const member = policy.nodes.find(({ name }) => name === node);
    const segment = policy.segments.find(({ name }) => name === member?.segment);
    if (member === undefined || segment === undefined) continue;
    if (kind === 'canary') standIns[node] = segment.canary;
    setFound(nodePorts, node, holderOf(linksOf.get(node) ?? [], standIns[node] ?? member.address));
  }
  const uplinks = policy.uplinks.flatMap(({ name, addressing }): readonly UplinkSurroundings[] => {
    const port = routerPorts.get(name);
    const router = port === undefined ? undefined : ipv4Of(port)[0];
    if (port === undefined || router === undefined) return [];
    const gateway =
      addressing.kind === 'static' ? addressing.gateway : routes.find(({ dev }) => dev === port.ifname)?.gateway;
    const beside = besides(linksOf.get(INTERNET) ?? [], router.cidr);
    if (beside !== undefined) nodePorts.set(`${INTERNET} ${name}`, beside.link);
    return [
      {
        ...{ name, router: router.local },
        ...(gateway === undefined ? {} : { gateway }),
        ...(beside === undefined ? {} : { outside: beside.address }),
      },
    ];
  });
  const names = new Map<string, string>();
  for (const { bridge, name } of policy.segments) setName(names, bridges.get(bridge), `the host (${bridge}, ${name})`);
  for (const [network, link] of routerPorts) setName(names, link, `the router (${network})`);
  for (const node of policy.nodes) names.set(node.mac, node.name);
  for (const [node, link] of nodePorts) setName(names, link, node);
  const segmentOf = (node: string) => policy.nodes.find(({ name }) => name === node)?.segment;

  return {
    surroundings: { hostAddresses: hostAddresses(truckLinks), uplinks, standIns },
    truckLinks: new Map(truckLinks.flatMap((link) => entry(link.ifname, link))),
    portOf: (from, uplink) => portOf(nodePorts.get(uplink === undefined ? from : `${from} ${uplink}`)),
    routerPort: (network) => portOf(routerPorts.get(network)),
    receiverOf({ from, uplink, frame: { to } }) {
      const network = uplink ?? segmentOf(from) ?? '';
      if (to === 'router') return routerPorts.get(network)?.address;
      if (to === 'bridge') {
        return bridges.get(policy.segments.find(({ name }) => name === network)?.bridge ?? '')?.address;
      }
      if (typeof to === 'string') return undefined;
      const ownPort = standIns[to.node] === undefined ? nodePorts.get(to.node) : undefined;
      return ownPort?.address ?? policy.nodes.find(({ name }) => name === to.node)?.mac;
    },
    nameOf: (mac) => names.get(mac) ?? mac,
  };
}

/** A vantage that is gone has no interfaces: then its attempts can't be sent. */
function linksAt({ netns }: Vantage): Promise<readonly IpLink[]> {
  return listLinks(netns).catch(gone);
}

function gone(error: unknown): readonly never[] {
  if (error instanceof CommandError) return [];
  throw error;
}

function ipv4Of({ addr_info = [] }: IpLink) {
  return addr_info
    .filter(({ family }) => family === 'inet')
    .map(({ local, prefixlen }) => ({ local, cidr: `${local}/${prefixlen}` }));
}

function holderOf(links: readonly IpLink[], address: string): IpLink | undefined {
  return links.find((link) => ipv4Of(link).some(({ local }) => local === address));
}

/** An interface in the same subnet. */
function besides(
  links: readonly IpLink[],
  cidr: string,
): { readonly link: IpLink; readonly address: string } | undefined {
  const subnet = toSubnet(cidr);
  for (const link of links) {
    const found = ipv4Of(link).find(({ local }) => contains(subnet, toNumber(local)));
    if (found !== undefined) return { link, address: found.local };
  }
  return undefined;
}

/** All addresses that the host has, but for those of its loopback. */
function hostAddresses(links: readonly IpLink[]): readonly string[] {
  return links.flatMap((link) => (link.ifname === 'lo' ? [] : ipv4Of(link).map(({ local }) => local)));
}

function portOf(link: IpLink | undefined): Port | undefined {
  return link?.address === undefined ? undefined : { index: link.ifindex, mac: link.address };
}

function entry(name: string, link: IpLink): readonly (readonly [string, Port])[] {
  const port = portOf(link);
  return port === undefined ? [] : [[name, port]];
}

function setFound<T>(map: Map<string, T>, key: string, found: T | undefined): void {
  if (found !== undefined) map.set(key, found);
}

function setName(names: Map<string, string>, link: IpLink | undefined, name: string): void {
  if (link?.address !== undefined) names.set(link.address, name);
}
