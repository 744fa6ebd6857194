import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Docker } from '../../../../components/host/docker.ts';
import { run } from '../../../../components/host/run.ts';
import {
  networkRequest,
  type RouterDirectories,
  routerRequest,
} from '../../../../components/network-manager/engine-requests.ts';
import { defaultCacheDirectory } from '../../../../components/router/cache-directory.ts';
import { nativeArchitecture } from '../../../../components/router/debian.ts';
import { buildImage } from '../../../../components/router/image/build.ts';
import { routerImage } from '../../../../components/router/router-image.ts';
import { startEngine, stopEngine } from '../../../../lib/lab/engine.ts';
import { thisMachine } from '../../../../lib/lab/machine/this-machine.ts';
import { namespaceOf } from '../../../../lib/lab/topology.ts';
import type { Router } from '../../../../lib/truck/network.ts';
import { routerFiles } from '../../../../lib/truck/router-files.ts';
import { compiled, EXAMPLES, example } from '../../../lib/truck/support.ts';

export type Request = Readonly<Record<string, unknown>>;

const TRUCK = compiled(example('article.yaml'));
/** Without its uplink, which every kernel has not. */
const ROUTER: Router = {
  ...TRUCK.router,
  endpoints: TRUCK.router.endpoints.filter(({ network }) => network === 'br0net'),
};
export const { sysctls: ROUTER_SYSCTLS } = ROUTER.configuration;
const ARTICLE = example('article.yaml');
/** The same with DHCP and DNS in that network. */
const { configuration: SERVED } = compiled({
  ...ARTICLE,
  segments: ARTICLE.segments.map((segment) => ({ ...segment, dhcp: { leaseSeconds: 600, ntp: [] } })),
}).router;
const isInBr0net = (each: { readonly name?: string; readonly segment?: string }) =>
  (each.name ?? each.segment) === 'br0net';

export function networkOf(name: string) {
  const found = TRUCK.networks.find((network) => network.name === name);
  if (found === undefined) throw new Error(`the article has no network ${name}`);
  return found;
}

/** What the engine is asked for: a network by its name, the host link's among them, and the router. */
export const ASKED = {
  hostLink: TRUCK.networks.find(({ role }) => role === 'host')?.name ?? '',
  network: (network: string) => networkRequest(networkOf(network), 'a test'),
  router: (directories: RouterDirectories, image: string) => routerRequest({ ...ROUTER, image }, 'a test', directories),
};

let engines = 0;

/** A real Docker Engine in a network namespace of this machine, with the router's image. */
export class EngineTruck {
  readonly docker: Docker;
  readonly image: string;
  /** The router's, on the host: no configuration, so it stays deaf, and no leases. */
  readonly directories: RouterDirectories;
  readonly #name: string;
  readonly #directory: string;
  #changed: (what: 'network' | 'router', request: Request) => Request = (_what, request) => request;

  private constructor(name: string, directory: string, socket: string, image: string) {
    this.#name = name;
    this.#directory = directory;
    this.docker = new Docker(`unix://${socket}`);
    this.image = image;
    this.directories = { configuration: join(directory, 'configuration'), leases: join(directory, 'leases') };
  }

  static async make(): Promise<EngineTruck> {
    const name = `e${process.pid}-${++engines}`;
    const directory = await mkdtemp('/tmp/fbe-');
    await run(['ip', 'netns', 'add', namespaceOf(name, 'truck')]);
    try {
      const root = join(EXAMPLES, '../components/router/root');
      const { archive, tag } = await buildImage(routerImage(await nativeArchitecture(), root), defaultCacheDirectory());
      await run(['ip', 'link', 'set', 'dev', 'lo', 'up'], { netns: `/run/netns/${namespaceOf(name, 'truck')}` });
      const { socket } = await startEngine(thisMachine(), name, directory);
      const truck = new EngineTruck(name, directory, socket, tag);
      for (const each of Object.values(truck.directories)) await mkdir(each);
      await truck.docker.load(archive);
      return truck;
    } catch (error) {
      await remove(name, directory);
      throw error;
    }
  }

  async remove(): Promise<void> {
    await remove(this.#name, this.#directory);
  }

  /** From now on the engine is asked for something else. */
  changing(change: (what: 'network' | 'router', request: Request) => Request = (_what, request) => request): void {
    this.#changed = change;
  }

  /** The host's network namespace. */
  get netns(): string {
    return `/run/netns/${namespaceOf(this.#name, 'truck')}`;
  }

  /** With a network that the engine was asked for. */
  async withNetwork<T>(name: string, action: () => Promise<T>): Promise<T> {
    const { bridge } = networkOf(name);
    await run(['ip', 'link', 'add', 'name', bridge ?? '', 'type', 'bridge'], { netns: this.netns });
    try {
      await this.docker.post('/networks/create', this.#changed('network', ASKED.network(name)));
      return await action();
    } finally {
      await this.docker.delete(`/networks/${name}`).catch(() => undefined);
      await run(['ip', 'link', 'delete', 'dev', bridge ?? ''], { netns: this.netns }).catch(() => undefined);
    }
  }

  /** What the router does when it is told to serve its segment. @param action is given its process */
  async whileServing<T>(action: (pid: () => Promise<number>) => Promise<T>): Promise<T> {
    const current = join(this.directories.configuration, 'current');
    const files = routerFiles({
      ...SERVED,
      interfaces: SERVED.interfaces.filter(isInBr0net),
      services: SERVED.services.filter(isInBr0net),
    });
    await mkdir(current);
    try {
      for (const [name, text] of Object.entries(files)) await writeFile(join(current, name), text);
      return await this.withRouter(action);
    } finally {
      await rm(current, { recursive: true });
    }
  }

  /** Names of the files of leases on the host. */
  leases(): Promise<readonly string[]> {
    return readdir(this.directories.leases);
  }

  /** With the router running, in its first segment. @param action is given its process */
  async withRouter<T>(action: (pid: () => Promise<number>) => Promise<T>): Promise<T> {
    return await this.withNetwork('br0net', async () => {
      const request = this.#changed('router', ASKED.router(this.directories, this.image));
      await this.docker.post('/containers/create', request, { query: { name: 'router' } });
      try {
        await this.docker.post('/containers/router/start');
        return await action(async () => {
          const { State } = await this.docker.get<{ State: { Pid: number } }>('/containers/router/json');
          return State.Pid;
        });
      } finally {
        await this.docker.delete('/containers/router', { force: '1', v: '1' });
      }
    });
  }
}

async function remove(name: string, directory: string): Promise<void> {
  await stopEngine(thisMachine(), name, directory);
  await run(['ip', 'netns', 'delete', namespaceOf(name, 'truck')]);
  await rm(directory, { recursive: true, force: true });
}
