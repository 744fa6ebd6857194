import type { ContainerNetwork, OwnContainer, Router } from '../../lib/truck/network.ts';
import { type Docker, DockerError, isAtLeast } from '../host/docker.ts';
import { containerRequest, networkRequest, type RouterDirectories, routerRequest } from './engine-requests.ts';

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

export async function createNetwork(docker: Docker, network: ContainerNetwork, specification: string): Promise<void> {
  await docker.post('/networks/create', networkRequest(network, specification));
}

export async function createContainer(docker: Docker, container: OwnContainer, specification: string): Promise<void> {
  await provideImage(docker, container.image);
  const perEndpoint = isAtLeast(await docker.apiVersion(), '1.44');
  const request = containerRequest(container, specification, perEndpoint);
  await docker.post('/containers/create', request, { query: { name: container.name } });
}

export async function createRouter(
  docker: Docker,
  router: Router,
  specification: string,
  directories: RouterDirectories,
): Promise<void> {
  const request = routerRequest(router, specification, directories);
  await docker.post('/containers/create', request, { query: { name: router.name } });
  for (const endpoint of router.endpoints.slice(1)) await connect(docker, { container: router.name, ...endpoint });
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
