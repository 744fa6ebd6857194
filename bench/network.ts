import { ipBatch } from '../components/host/ip.ts';
import { run } from '../components/host/run.ts';
import type { Vantage } from '../components/isolation-tester/measure.ts';
import type { Node, Policy } from '../lib/policy/index.ts';
import { undoLater } from './undo.ts';

/** Of all network namespaces that a bench makes; the process number follows. */
const PREFIX = 'fbb-';

/**
 * What a policy describes, without VLANs and containers: a network namespace for the router and for each node. A segment with several nodes
 * has a bridge, one with a single node a cable to the router. The router's interfaces are named like their segments and are in their link
 * groups, so the product's ruleset fits. Root is needed.
 */
export class BenchNetwork {
  static #made = 0;
  readonly #prefix = `${PREFIX}${process.pid}-${++BenchNetwork.#made}-`;
  readonly nodes: readonly Node[];

  private constructor(nodes: readonly Node[]) {
    this.nodes = nodes;
  }

  /** @param names of the nodes that are made; all, if it is left out */
  static async make(policy: Policy, names?: readonly string[]): Promise<BenchNetwork> {
    const network = new BenchNetwork(policy.nodes.filter(({ name }) => names?.includes(name) ?? true));
    undoLater(() => network.remove());
    await network.#build(policy);
    return network;
  }

  netns(place: string): string {
    return `/run/netns/${this.#prefix}${place}`;
  }

  vantages(): readonly Vantage[] {
    return this.nodes.map(({ name }) => ({ node: name, netns: this.netns(name), kind: 'agent' }));
  }

  address(name: string): string {
    const node = this.nodes.find((candidate) => candidate.name === name);
    if (node === undefined) throw new Error(`${name} is not in this network`);
    return node.address;
  }

  /** Whatever there is of it. */
  async remove(): Promise<void> {
    await removeNamespaces((name) => name.startsWith(this.#prefix));
  }

  async #build(policy: Policy): Promise<void> {
    const places = ['router', 'switch', ...this.nodes.map(({ name }) => name)];
    await ipBatch(places.map((place) => `netns add ${this.#prefix}${place}`));
    const segments = policy.segments.filter(({ name }) => this.nodes.some(({ segment }) => segment === name));
    for (const { name, router, prefixLength, vlan } of segments) {
      const nodes = this.nodes.filter(({ segment }) => segment === name);
      const [only] = nodes;
      if (only !== undefined && nodes.length === 1) {
        await ipBatch([this.#cable('router', name, only.name, 'eth0')]);
      } else {
        await ipBatch([
          this.#cable('router', name, 'switch', `r-${name}`),
          ...nodes.map((node) => this.#cable(node.name, 'eth0', 'switch', `n-${node.name}`)),
        ]);
        const ports = [`r-${name}`, ...nodes.map((node) => `n-${node.name}`)];
        await ipBatch(
          [
            `link add name ${name} type bridge`,
            `link set dev ${name} up`,
            ...ports.map((port) => `link set dev ${port} master ${name} up`),
          ],
          this.netns('switch'),
        );
      }
      await ipBatch(
        [
          `link set dev ${name} group ${vlan}`,
          `address add ${router}/${prefixLength} dev ${name}`,
          `link set dev ${name} up`,
        ],
        this.netns('router'),
      );
      for (const node of nodes) {
        await ipBatch(
          [
            'link set dev lo up',
            `address add ${node.address}/${prefixLength} dev eth0`,
            'link set dev eth0 up',
            `route add default via ${router}`,
          ],
          this.netns(node.name),
        );
      }
    }
    await run(['sh', '-c', 'echo 1 > /proc/sys/net/ipv4/ip_forward'], { netns: this.netns('router') });
  }

  #cable(place: string, link: string, otherPlace: string, otherLink: string): string {
    const end = (at: string, name: string) => `name ${name} netns ${this.#prefix}${at}`;
    return `link add ${end(place, link)} type veth peer ${end(otherPlace, otherLink)}`;
  }
}

/** What a bench that was killed left behind. */
export async function removeLeftovers(): Promise<void> {
  await removeNamespaces((name) => {
    const [, maker] = new RegExp(`^${PREFIX}(\\d+)-`).exec(name) ?? [];
    return maker !== undefined && !isRunning(Number(maker));
  });
}

async function removeNamespaces(isOurs: (name: string) => boolean): Promise<void> {
  const list = await run(['ip', 'netns', 'list']);
  const names = list.split('\n').map((line) => line.split(' ')[0] ?? '');
  await ipBatch(names.filter(isOurs).map((name) => `netns delete ${name}`));
}

export function isRunning(process_: number): boolean {
  try {
    process.kill(process_, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
