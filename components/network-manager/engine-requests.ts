import type { ContainerNetwork, OwnContainer, Router } from '../../lib/truck/network.ts';
import { OWNER, OWNER_LABEL, SPECIFICATION_LABEL } from './labels.ts';

/** What the Docker Engine is asked for, as its API has it (`POST /networks/create`, `POST /containers/create`). PURE. */

const labels = (specification: string) => ({ [OWNER_LABEL]: OWNER, [SPECIFICATION_LABEL]: specification });

/** A segment's network, an uplink's or the host link's. */
export function networkRequest(network: ContainerNetwork, specification: string) {
  return {
    Name: network.name,
    CheckDuplicate: true,
    Driver: network.driver,
    EnableIPv6: false,
    Internal: network.internal === true,
    IPAM: { Driver: 'default', Config: [{ Subnet: network.subnet, Gateway: network.gateway }] },
    Options: network.options,
    Labels: labels(specification),
  };
}

/** What every container of ours has: no privileges beyond its image's needs, and it comes back by itself. */
const HARDENED = {
  RestartPolicy: { Name: 'always' },
  SecurityOpt: ['no-new-privileges'],
  LogConfig: { Type: 'local', Config: { 'max-size': '1m', 'max-file': '2' } },
};

/** @param perEndpoint whether the engine wants MAC addresses with each endpoint (API 1.44) */
export function containerRequest(container: OwnContainer, specification: string, perEndpoint: boolean) {
  const { network, address } = container.endpoint;
  return {
    Image: container.image,
    Hostname: container.name,
    ...(container.command === undefined ? {} : { Cmd: container.command }),
    ...(container.environment === undefined
      ? {}
      : { Env: Object.entries(container.environment).map(([name, value]) => `${name}=${value}`) }),
    // An image whose command is a shell would end at once without a terminal (the article: `docker create -it`).
    Tty: true,
    OpenStdin: true,
    ...(perEndpoint ? {} : { MacAddress: container.mac }),
    Labels: labels(specification),
    HostConfig: { ...HARDENED, NetworkMode: network },
    NetworkingConfig: {
      EndpointsConfig: {
        [network]: { IPAMConfig: { IPv4Address: address }, ...(perEndpoint ? { MacAddress: container.mac } : {}) },
      },
    },
  };
}

/** The router's, on the host. */
export interface RouterDirectories {
  /** It reads it. */
  readonly configuration: string;
  /** It writes who was leased which address. */
  readonly leases: string;
}

/**
 * The router: read-only, with NET_ADMIN and NET_RAW, and NET_BIND_SERVICE for the ports of DHCP and DNS, and nothing else: its servers are not
 * even given what they need to become another user. It writes leases into a directory that survives it. It may write below /proc/sys/net, its own namespace's, to open
 * itself once its ruleset is in; everything else of /proc/sys stays read-only, as Docker has it for every container. It is in its first
 * network only; the others it is connected to.
 * @throws Error about a router without an endpoint
 */
export function routerRequest(router: Router, specification: string, directories: RouterDirectories) {
  const [first] = router.endpoints;
  if (first === undefined) throw new Error('a router needs an uplink or a segment');
  return {
    Image: router.image,
    Hostname: router.name,
    Labels: labels(specification),
    HostConfig: {
      ...HARDENED,
      NetworkMode: first.network,
      CapDrop: ['ALL'],
      CapAdd: ['NET_ADMIN', 'NET_RAW', 'NET_BIND_SERVICE'],
      ReadonlyRootfs: true,
      Tmpfs: { '/run': 'rw,noexec,nosuid,size=1m' },
      Binds: [`${directories.configuration}:/etc/firebreak:ro`, `${directories.leases}:/var/lib/firebreak`],
      ReadonlyPaths: [
        '/proc/bus',
        '/proc/fs',
        '/proc/irq',
        '/proc/sysrq-trigger',
        ...['abi', 'debug', 'dev', 'fs', 'kernel', 'sunrpc', 'user', 'vm', 'xen'].map((name) => `/proc/sys/${name}`),
      ],
      Sysctls: sysctlsOf(router),
    },
    NetworkingConfig: { EndpointsConfig: { [first.network]: { IPAMConfig: { IPv4Address: first.address } } } },
  };
}

/** Forwarding is off until the ruleset is in. Docker separates by dots; no interface is named here, whose name might hold one. */
function sysctlsOf({ configuration }: Router): Readonly<Record<string, string>> {
  const entries = configuration.sysctls.map(({ path, value }) => [path.replaceAll('/', '.'), value]);
  return { 'net.ipv4.ip_forward': '0', ...Object.fromEntries(entries) };
}
