import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { run } from '../../../components/host/run.ts';
import type { Vantage } from '../../../components/isolation-tester/measure.ts';
import { routerMac } from '../../../lib/truck/router-mac.ts';

/** What a test network consists of; addresses with prefix length. */
export interface Plan {
  /** The router's address in each segment. */
  readonly segments: Readonly<Record<string, string>>;
  /** Each node's segment and address. */
  readonly nodes: Readonly<Record<string, readonly [segment: string, address: string]>>;
}

/**
 * Network namespaces for one test file: a switch with a bridge for each segment, a router with an interface for each (named like it), and
 * nodes with an eth0. The router forwards everything until it gets rules. Root is needed.
 */
export class TestNetwork {
  readonly #names: Map<string, string>;
  readonly #services: ChildProcess[] = [];

  private constructor(plan: Plan) {
    const places = ['switch', 'router', ...Object.keys(plan.nodes)];
    const prefix = `fbt-${process.pid}-${++networks}`;
    this.#names = new Map(places.map((place) => [place, `${prefix}-${place}`]));
  }

  static async make(plan: Plan): Promise<TestNetwork> {
    const network = new TestNetwork(plan);
    try {
      await network.#build(plan);
      return network;
    } catch (error) {
      await network.remove();
      throw error;
    }
  }

  async #build({ segments, nodes }: Plan): Promise<void> {
    const links = [
      ...Object.entries(segments).map(([segment]) => ['router', segment, segment, `r-${segment}`] as const),
    ];
    const ends = Object.entries(nodes).map(([node, [segment]]) => [node, 'eth0', segment, `n-${node}`] as const);
    await run(['ip', '-batch', '-'], {
      input: [
        ...[...this.#names.values()].map((name) => `netns add ${name}`),
        ...[...links, ...ends].map(
          ([place, end, , port]) =>
            `link add name ${end} netns ${this.#name(place)} type veth peer name ${port} netns ${this.#name('switch')}`,
        ),
        '',
      ].join('\n'),
    });
    await this.ip(
      'switch',
      ...Object.keys(segments).flatMap((segment) => [
        `link add name ${segment} type bridge`,
        `link set dev ${segment} up`,
      ]),
      ...[...links, ...ends].map(([, , segment, port]) => `link set dev ${port} master ${segment} up`),
    );
    await this.ip(
      'router',
      'link set dev lo up',
      ...Object.entries(segments).flatMap(([segment, address], index) => [
        `link set dev ${segment} group ${index + 1} address ${routerMac({ router: address.split('/')[0] ?? '' })}`,
        `address add ${address} dev ${segment}`,
        `link set dev ${segment} up`,
      ]),
    );
    await this.sh('router', 'echo 1 > /proc/sys/net/ipv4/ip_forward');
    for (const [node, [segment, address]] of Object.entries(nodes)) {
      const gateway = segments[segment]?.split('/')[0];
      await this.ip(
        node,
        'link set dev lo up',
        `address add ${address} dev eth0`,
        'link set dev eth0 up',
        `route add default via ${gateway}`,
      );
    }
  }

  #name(place: string): string {
    const name = this.#names.get(place);
    if (name === undefined) throw new Error(`${place} is no place of this network`);
    return name;
  }

  netns(place: string): string {
    return `/run/netns/${this.#name(place)}`;
  }

  vantages(...nodes: readonly string[]): readonly Vantage[] {
    return nodes.map((node) => ({ node, netns: this.netns(node), kind: node === 'router' ? 'router' : 'agent' }));
  }

  /** `ip` commands in a place, each without the leading `ip`. */
  async ip(place: string, ...commands: readonly string[]): Promise<void> {
    await run(['ip', '-batch', '-'], { netns: this.netns(place), input: `${commands.join('\n')}\n` });
  }

  sh(place: string, script: string): Promise<string> {
    return run(['sh', '-ec', script], { netns: this.netns(place) });
  }

  /** Takes the place of whatever rules there were. */
  async rules(place: string, chains = ''): Promise<void> {
    await run(['nft', '-f', '-'], {
      netns: this.netns(place),
      input: `table inet t\ndelete table inet t\ntable inet t {\n${chains}\n}\n`,
    });
  }

  /** What the router does with what it forwards: rules, the last of them its default. */
  forward(...rules: readonly string[]): Promise<void> {
    return this.rules('router', `chain forward { type filter hook forward priority 0; ${rules.join('; ')}; }`);
  }

  /** Answers at a TCP and a UDP port of this number. */
  async serve(node: string, port: number): Promise<void> {
    const service = spawn('nsenter', [`--net=${this.netns(node)}`, process.execPath, '-e', SERVICE, `${port}`], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#services.push(service);
    await once(service.stdout, 'data');
  }

  /** Whatever there is of it. */
  async remove(): Promise<void> {
    for (const service of this.#services) service.kill('SIGKILL');
    const list = await run(['ip', 'netns', 'list']);
    const mine = new Set(this.#names.values());
    const left = list.split('\n').flatMap((line) => (mine.has(line.split(' ')[0] ?? '') ? [line.split(' ')[0]] : []));
    await run(['ip', '-batch', '-'], { input: left.map((name) => `netns delete ${name}\n`).join('') });
  }
}

/** Made by this process so far. */
let networks = 0;

/** Says a line when both ports answer. */
const SERVICE = `
  const port = Number(process.argv[1]);
  const udp = require('node:dgram').createSocket('udp4');
  udp.on('message', (data, from) => udp.send(data, from.port, from.address));
  udp.bind(port, () => require('node:net').createServer((socket) => socket.on('error', () => {})).listen(port, () => console.log('ready')));
`;
