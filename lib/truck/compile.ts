import type { Policy, HostLink as PolicyHostLink, Segment, Uplink } from '../policy/index.ts';
import { addressServices } from './address-service.ts';
import { HOST_GROUP, uplinkGroups } from './groups.ts';
import type {
  AdoptedContainer,
  ContainerNetwork,
  HostLink,
  Link,
  OwnContainer,
  Router,
  RouterInterface,
  Sysctl,
  TruckNetwork,
} from './network.ts';
import { HOST_ROUTE_METRIC, ROUTER } from './network.ts';
import { placeholderNetwork } from './placeholder.ts';
import { routerMac } from './router-mac.ts';
import { ROUTER_SYSCTLS } from './router-sysctls.ts';
import { edgeRuleset } from './ruleset/edge.ts';
import { hostRuleset } from './ruleset/host.ts';
import { routerRuleset } from './ruleset/router.ts';

/** What the truck brings along, besides the policy. */
export interface TruckEquipment {
  /** Reference of the router's image: `firebreak-router:<content>`. */
  readonly routerImage: string;
}

/** What the policy means on one truck. Total: a checked policy always compiles. */
export function compile(policy: Policy, { routerImage }: TruckEquipment): TruckNetwork {
  const ofSegments = policy.segments.flatMap(segmentLinks);
  const closedLinks = [policy.trunk.interface, ...ofSegments.map((link) => link.name)];
  const hostLinks = policy.hostLink === undefined ? [] : [policy.hostLink];
  const [hostLink] = hostLinks.map((link) => compiledHostLink(link, policy));
  return {
    revision: policy.revision,
    links: [...ofSegments, ...hostLinks.map(hostBridge)],
    closedLinks,
    ...(hostLink === undefined ? {} : { hostLink }),
    sysctls: [
      ...closedLinks.flatMap(closedLink),
      ...hostLinks.flatMap(({ bridge }) => hostLinkSysctls(bridge)),
      ...BRIDGE_NETFILTER_OFF,
    ],
    hostRuleset: hostRuleset(closedLinks, hostLink),
    edgeRuleset: edgeRuleset(policy),
    networks: [
      ...policy.uplinks.map(uplinkNetwork),
      ...policy.segments.map(segmentNetwork),
      ...hostLinks.map(hostNetwork),
    ],
    containers: containers(policy),
    router: router(policy, routerImage),
  };

  function segmentLinks(segment: Segment): readonly Link[] {
    return [
      { kind: 'bridge', name: segment.bridge },
      {
        kind: 'vlan',
        name: segment.vlanInterface,
        parent: policy.trunk.interface,
        vlan: segment.vlan,
        bridge: segment.bridge,
      },
    ];
  }
}

/**
 * The host's IP layer keeps out of a segment's links: it forwards nothing that comes in by them, answers no ARP request there
 * (arp_ignore 8) and speaks no IPv6 (Documentation/networking/ip-sysctl.rst).
 */
function closedLink(name: string): readonly Sysctl[] {
  return [
    { path: `net/ipv4/conf/${name}/forwarding`, value: '0' },
    { path: `net/ipv4/conf/${name}/arp_ignore`, value: '8' },
    { path: `net/ipv6/conf/${name}/disable_ipv6`, value: '1', optional: true },
  ];
}

/**
 * The host's IP layer on the host link: it forwards nothing, answers ARP requests for its address there only and asks as that address. Loosely
 * filtered by the reverse path, because the host's default route may be another one, whatever `all` says (the maximum of both counts).
 */
function hostLinkSysctls(bridge: string): readonly Sysctl[] {
  return [
    ...Object.entries({ forwarding: '0', arp_ignore: '1', arp_announce: '2', rp_filter: '2' }).map(([name, value]) => ({
      path: `net/ipv4/conf/${bridge}/${name}`,
      value,
    })),
    { path: `net/ipv6/conf/${bridge}/disable_ipv6`, value: '1', optional: true },
  ];
}

/** Frames that are bridged inside a segment are no business of the host's IP rules (moby/moby#48492). */
const BRIDGE_NETFILTER_OFF: readonly Sysctl[] = ['iptables', 'ip6tables', 'arptables'].map((tables) => ({
  path: `net/bridge/bridge-nf-call-${tables}`,
  value: '0',
  optional: true,
}));

function compiledHostLink({ bridge, router, host }: PolicyHostLink, { segments }: Policy): HostLink {
  return {
    ...{ bridge, router, host, routerMac: routerMac({ router }) },
    segments: segments.map(({ subnet }) => subnet),
    route: { link: bridge, gateway: router, source: host, metric: HOST_ROUTE_METRIC },
  };
}

function hostBridge({ bridge, host, prefixLength }: PolicyHostLink): Link {
  return { kind: 'bridge', name: bridge, address: `${host}/${prefixLength}` };
}

/** The host's address is what Docker takes for the gateway, so Docker gives it to nobody; the host gets it by a step of ours. */
function hostNetwork({ name, bridge, subnet, host }: PolicyHostLink): ContainerNetwork {
  return {
    name,
    role: 'host',
    bridge,
    driver: 'bridge',
    subnet,
    gateway: host,
    internal: true,
    options: bridgeOptions(bridge),
  };
}

function bridgeOptions(bridge: string): ContainerNetwork['options'] {
  return {
    'com.docker.network.bridge.name': bridge,
    // Docker gives the host no address on it, and must not masquerade for it (moby/moby#39439).
    'com.docker.network.bridge.inhibit_ipv4': 'true',
    'com.docker.network.bridge.enable_ip_masquerade': 'false',
  };
}

function segmentNetwork(segment: Segment): ContainerNetwork {
  return {
    name: segment.name,
    role: 'segment',
    bridge: segment.bridge,
    driver: 'bridge',
    subnet: segment.subnet,
    gateway: segment.gateway,
    options: bridgeOptions(segment.bridge),
  };
}

function uplinkNetwork(uplink: Uplink, index: number): ContainerNetwork {
  const { subnet, gateway } = uplink.addressing.kind === 'static' ? uplink.addressing : placeholderNetwork(index);
  return {
    name: uplink.name,
    role: 'uplink',
    driver: uplink.driver,
    subnet,
    gateway,
    options: { parent: uplink.interface, [`${uplink.driver}_mode`]: uplink.driver === 'ipvlan' ? 'l2' : 'bridge' },
  };
}

function containers(policy: Policy): readonly (OwnContainer | AdoptedContainer)[] {
  return policy.nodes.flatMap((node): readonly (OwnContainer | AdoptedContainer)[] => {
    if (node.kind !== 'container') return [];
    const endpoint = { network: node.segment, address: node.address };
    if (node.image === undefined) return [{ kind: 'adopted', name: node.name, endpoint }];
    return [
      {
        kind: 'own',
        name: node.name,
        image: node.image,
        mac: node.mac,
        endpoint,
        ...(node.command === undefined ? {} : { command: node.command }),
        ...(node.environment === undefined ? {} : { environment: node.environment }),
      },
    ];
  });
}

function router(policy: Policy, image: string): Router {
  const interfaces = [
    ...policy.uplinks.map(uplinkInterface),
    ...policy.segments.map(segmentInterface),
    ...(policy.hostLink === undefined ? [] : [hostInterface(policy.hostLink)]),
  ];
  return {
    name: ROUTER,
    image,
    endpoints: interfaces.map(({ name, address }) => ({ network: name, address: bare(address) })),
    configuration: {
      ruleset: routerRuleset(policy),
      sysctls: ROUTER_SYSCTLS,
      interfaces,
      services: addressServices(policy),
    },
  };

  function uplinkInterface(uplink: Uplink, index: number): RouterInterface {
    const group = uplinkGroups(policy)[index]?.group ?? 0;
    const metric = 100 + index;
    if (uplink.addressing.kind === 'dhcp') {
      const { address } = placeholderNetwork(index);
      return { name: uplink.name, group, address, extraAddresses: [], uplink: { addressing: 'dhcp', metric } };
    }
    const { address, subnet, gateway } = uplink.addressing;
    return {
      name: uplink.name,
      group,
      address: `${address}/${prefixOf(subnet)}`,
      extraAddresses: [],
      uplink: { addressing: 'static', gateway, metric },
    };
  }
}

function segmentInterface(segment: Segment): RouterInterface {
  return {
    name: segment.name,
    group: segment.vlan,
    address: `${segment.router}/${segment.prefixLength}`,
    // The address that Docker tells containers to be their gateway is the router's, too: so a container needs no route of ours.
    extraAddresses: [`${segment.gateway}/32`],
    mac: routerMac(segment),
  };
}

function hostInterface({ name, router, prefixLength }: PolicyHostLink): RouterInterface {
  return {
    ...{ name, group: HOST_GROUP, address: `${router}/${prefixLength}`, extraAddresses: [] },
    mac: routerMac({ router }),
  };
}

function prefixOf(subnet: string): string {
  return subnet.slice(subnet.indexOf('/') + 1);
}

function bare(address: string): string {
  return address.slice(0, address.indexOf('/'));
}
