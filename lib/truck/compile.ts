import type { Policy, Segment, Uplink } from '../policy/index.ts';
import { expectations } from './expectations.ts';
import { uplinkGroups } from './groups.ts';
import type {
  AdoptedContainer,
  ContainerNetwork,
  Link,
  OwnContainer,
  Router,
  RouterInterface,
  Sysctl,
  TruckNetwork,
} from './network.ts';
import { ROUTER } from './network.ts';
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
  const links = policy.segments.flatMap(segmentLinks);
  const closedLinks = [policy.trunk.interface, ...links.map((link) => link.name)];
  return {
    revision: policy.revision,
    links,
    closedLinks,
    sysctls: closedLinks.flatMap(closedLink).concat(BRIDGE_NETFILTER_OFF),
    hostRuleset: hostRuleset(closedLinks),
    edgeRuleset: edgeRuleset(policy),
    networks: [...policy.uplinks.map(uplinkNetwork), ...policy.segments.map(segmentNetwork)],
    containers: containers(policy),
    router: router(policy, routerImage),
    expectations: expectations(policy),
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

/** Frames that are bridged inside a segment are no business of the host's IP rules (moby/moby#48492). */
const BRIDGE_NETFILTER_OFF: readonly Sysctl[] = ['iptables', 'ip6tables', 'arptables'].map((tables) => ({
  path: `net/bridge/bridge-nf-call-${tables}`,
  value: '0',
  optional: true,
}));

function segmentNetwork(segment: Segment): ContainerNetwork {
  return {
    name: segment.name,
    role: 'segment',
    bridge: segment.bridge,
    driver: 'bridge',
    subnet: segment.subnet,
    gateway: segment.gateway,
    options: {
      'com.docker.network.bridge.name': segment.bridge,
      // The host gets no address in a segment, and Docker must not masquerade for it (moby/moby#39439).
      'com.docker.network.bridge.inhibit_ipv4': 'true',
      'com.docker.network.bridge.enable_ip_masquerade': 'false',
    },
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
  const interfaces = [...policy.uplinks.map(uplinkInterface), ...policy.segments.map(segmentInterface)];
  return {
    name: ROUTER,
    image,
    endpoints: interfaces.map(({ name, address }) => ({ network: name, address: bare(address) })),
    configuration: { ruleset: routerRuleset(policy), sysctls: ROUTER_SYSCTLS, interfaces },
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

function prefixOf(subnet: string): string {
  return subnet.slice(subnet.indexOf('/') + 1);
}

function bare(address: string): string {
  return address.slice(0, address.indexOf('/'));
}
