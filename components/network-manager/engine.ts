import type { ContainerNetwork, OwnContainer, Router } from '../../lib/truck/network.ts';
import { type Docker, DockerError, isAtLeast } from '../host/docker.ts';
import { OWNER, OWNER_LABEL, SPECIFICATION_LABEL } from './labels.ts';

/** What the network manager does with the Docker Engine, in the words of the truck network. */

/** A container as `GET /containers/json` lists it. */
export interface ListedContainer {
  readonly Id: string;
  readonly Names: readonly string[];
  readonly State: string;
  readonly Labels: Readonly<Record<string, string>>;
  readonly HostConfig: { readonly NetworkMode: string };
  readonly NetworkSettings: {
    readonly Networks: Readonly<Record<string, ListedEndpoint>>;
  };
}

export interface ListedEndpoint {
  readonly NetworkID: string;
  readonly IPAddress: string;
  readonly IPPrefixLen: number;
  readonly MacAddress: string;
  readonly Gateway: string;
  readonly IPAMConfig?: { readonly IPv4Address?: string } | null;
}

export interface ListedNetwork {
  readonly Id: string;
  readonly Name: string;
  readonly Internal: boolean;
  readonly Labels: Readonly<Record<string, string>> | null;
  readonly Options: Readonly<Record<string, string>> | null;
}

const labels = (specification: string) => ({ [OWNER_LABEL]: OWNER, [SPECIFICATION_LABEL]: specification });

export async function createNetwork(docker: Docker, network: ContainerNetwork, specification: string): Promise<void> {
  await docker.post('/networks/create', {
    Name: network.name,
    CheckDuplicate: true,
    Driver: network.driver,
    EnableIPv6: false,
    Internal: network.internal === true,
    IPAM: { Driver: 'default', Config: [{ Subnet: network.subnet, Gateway: network.gateway }] },
    Options: network.options,
    Labels: labels(specification),
  });
}

/** What every container of ours has: no privileges beyond its image's needs, and it comes back by itself. */
const HARDENED = {
  RestartPolicy: { Name: 'always' },
  SecurityOpt: ['no-new-privileges'],
  LogConfig: { Type: 'local', Config: { 'max-size': '1m', 'max-file': '2' } },
};

export async function createContainer(docker: Docker, container: OwnContainer, specification: string): Promise<void> {
  await provideImage(docker, container.image);
  const { network, address } = container.endpoint;
  const perEndpoint = isAtLeast(await docker.apiVersion(), '1.44');
  await docker.post(
    '/containers/create',
    {
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
    },
    { query: { name: container.name } },
  );
}

/**
 * The router: read-only, with NET_ADMIN and NET_RAW and nothing else. It may write below /proc/sys/net, its own namespace's, to open
 * itself once its ruleset is in; everything else of /proc/sys stays read-only, as Docker has it for every container.
 */
export async function createRouter(
  docker: Docker,
  router: Router,
  specification: string,
  configuration: string,
): Promise<void> {
  const [first, ...others] = router.endpoints;
  if (first === undefined) throw new Error('a router needs an uplink or a segment');
  await docker.post(
    '/containers/create',
    {
      Image: router.image,
      Hostname: router.name,
      Labels: labels(specification),
      HostConfig: {
        ...HARDENED,
        NetworkMode: first.network,
        CapDrop: ['ALL'],
        CapAdd: ['NET_ADMIN', 'NET_RAW'],
        ReadonlyRootfs: true,
        Tmpfs: { '/run': 'rw,noexec,nosuid,size=1m' },
        Binds: [`${configuration}:/etc/firebreak:ro`],
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
    },
    { query: { name: router.name } },
  );
  for (const endpoint of others) await connect(docker, { container: router.name, ...endpoint });
}

/** Forwarding is off until the ruleset is in. Docker separates by dots; no interface is named here, whose name might hold one. */
function sysctlsOf({ configuration }: Router): Readonly<Record<string, string>> {
  const entries = configuration.sysctls.map(({ path, value }) => [path.replaceAll('/', '.'), value]);
  return { 'net.ipv4.ip_forward': '0', ...Object.fromEntries(entries) };
}

export async function startContainer(docker: Docker, name: string): Promise<void> {
  await docker.post(`/containers/${name}/start`);
}

/** Stops and removes it with its anonymous volumes. That it is gone already is no failure. */
export async function removeContainer(docker: Docker, name: string): Promise<void> {
  await goneIsFine(docker.delete(`/containers/${name}`, { force: '1', v: '1' }));
}

export async function removeNetwork(docker: Docker, name: string): Promise<void> {
  await goneIsFine(docker.delete(`/networks/${name}`));
}

/** @param mac as the container has it by its own configuration, which engines from 25 on (API 1.44) ask for with each endpoint */
export async function connect(
  docker: Docker,
  { container, network, address, mac }: { container: string; network: string; address?: string; mac?: string },
): Promise<void> {
  const perEndpoint = mac !== undefined && isAtLeast(await docker.apiVersion(), '1.44');
  await docker.post(`/networks/${network}/connect`, {
    Container: container,
    EndpointConfig: {
      ...(address === undefined ? {} : { IPAMConfig: { IPv4Address: address } }),
      ...(perEndpoint ? { MacAddress: mac } : {}),
    },
  });
}

export async function disconnect(docker: Docker, container: string, network: string): Promise<void> {
  await docker.post(`/networks/${network}/disconnect`, { Container: container, Force: true });
}

/** Runs a command in a container and waits for its end. @throws Error with its output, if it fails. */
export async function exec(docker: Docker, container: string, command: readonly string[]): Promise<void> {
  const { Id } = JSON.parse(
    await docker.post(`/containers/${container}/exec`, {
      Cmd: command,
      AttachStdout: true,
      AttachStderr: true,
      Tty: true,
    }),
  ) as { Id: string };
  const output = await docker.post(`/exec/${Id}/start`, { Detach: false, Tty: true });
  const { ExitCode } = await docker.get<{ ExitCode: number }>(`/exec/${Id}/json`);
  if (ExitCode !== 0) throw new Error(`${command.join(' ')} in ${container}: exit code ${ExitCode}: ${output.trim()}`);
}

/** Fetches an image that isn't there. @throws DockerError */
export async function provideImage(docker: Docker, image: string): Promise<void> {
  if (!(await hasImage(docker, image))) await docker.pull(image);
}

export async function hasImage(docker: Docker, image: string): Promise<boolean> {
  try {
    await docker.get(`/images/${image}/json`);
    return true;
  } catch (error) {
    if (error instanceof DockerError && error.status === 404) return false;
    throw error;
  }
}

async function goneIsFine(removal: Promise<void>): Promise<void> {
  try {
    await removal;
  } catch (error) {
    if (!(error instanceof DockerError && error.status === 404)) throw error;
  }
}
