import { run } from '../../../components/host/run.ts';
import { tryBypasses } from '../../../components/isolation-tester/bypass-test.ts';
import { measure, type Vantage } from '../../../components/isolation-tester/measure.ts';
import type { Policy } from '../../../lib/policy/index.ts';
import type { BypassKind } from '../../../lib/truck/bypass.ts';
import type { Expectation } from '../../../lib/truck/expectation.ts';
import { expectations } from '../../../lib/truck/expectations.ts';
import { HOST_GROUP, UPLINK_GROUPS } from '../../../lib/truck/groups.ts';
import { judge, type MatrixRow } from '../../../lib/truck/judge.ts';
import type { BypassRow } from '../../../lib/truck/judge-bypasses.ts';
import type { Sysctl, TruckNetwork } from '../../../lib/truck/network.ts';
import { portGroup } from '../../../lib/truck/port-group.ts';
import { positiveControls } from '../../../lib/truck/positive-controls.ts';
import { compiled } from '../../lib/truck/support.ts';
import { TestNetwork } from './network.ts';

/** What closes a truck. Each layer holds or doesn't, as a whole. */
export interface Countermeasures {
  /** Rulesets as text. */
  readonly host: string;
  readonly edge: string;
  readonly router: string;
  /** The host's. */
  readonly sysctls: readonly Sysctl[];
  /** The router container's. */
  readonly routerSysctls: readonly Sysctl[];
}
export type Layer = keyof Countermeasures;
export const LAYERS: readonly Layer[] = ['host', 'edge', 'router', 'sysctls', 'routerSysctls'];

/** Without those that only a kernel with br_netfilter has. */
export function countermeasuresOf(truck: TruckNetwork): Countermeasures {
  return {
    host: truck.hostRuleset.text,
    edge: truck.edgeRuleset.text,
    router: truck.router.configuration.ruleset.text,
    sysctls: truck.sysctls.filter(({ path }) => !path.includes('bridge-nf')),
    routerSysctls: truck.router.configuration.sysctls,
  };
}

/** Addresses on the internet (RFC 5737): where its gateway knows no way to, and what lies behind the gateway. */
export const UNREACHABLE = '203.0.113.9';
export const BEYOND = '203.0.113.10';

/** Who is untagged behind the trunk. */
export const UNTAGGED = 'untagged';

/** Who got onto the host link, where nobody but the router should be. He has no address. */
export const STRANGER = 'stranger';

/** Where a ruleset is, and its tables. */
const RULESETS = {
  host: ['switch', 'inet firebreak_host'],
  edge: ['switch', 'bridge firebreak_edge'],
  router: ['router', 'inet firebreak', 'ip firebreak_relay'],
} as const;

const MASQUERADE = 'chain nat { type nat hook postrouting priority srcnat; oifname "out" masquerade; }';

/** What a careless truck has instead, by the last part of a sysctl's path. */
const CARELESS: Readonly<Record<string, string>> = {
  forwarding: '1',
  arp_ignore: '0',
  disable_ipv6: '0',
  arp_announce: '0',
  rp_filter: '0',
  accept_redirects: '1',
  send_redirects: '1',
};
const carelessly = (path: string) => CARELESS[path.slice(path.lastIndexOf('/') + 1)];

/**
 * A policy's truck as far as any kernel has it, as careless as can be: the host has addresses and routes everywhere and forwards, all speak
 * IPv6, the router forwards whatever comes. The place `switch` is the truck; the VLAN links are the cable of a segment's first device each.
 */
export class CarelessTruck {
  readonly network: TestNetwork;
  readonly policy: Policy;
  readonly #truck: TruckNetwork;
  readonly #whole: Countermeasures;
  #countermeasures: Countermeasures;
  /** All attempts with these layers, measured once. */
  readonly #measured = new Map<string, Promise<readonly BypassRow[]>>();

  private constructor(network: TestNetwork, policy: Policy) {
    this.network = network;
    this.policy = policy;
    this.#truck = compiled(policy);
    this.#whole = countermeasuresOf(this.#truck);
    this.#countermeasures = this.#whole;
  }

  static async make(policy: Policy): Promise<CarelessTruck> {
    const [uplink] = policy.uplinks;
    if (uplink?.addressing.kind !== 'static') throw new Error('a careless truck has one uplink with an address');
    const { address, gateway } = uplink.addressing;
    const { hostLink } = policy;
    const segmentOf = (node: Policy['nodes'][number]) => policy.segments.find(({ name }) => name === node.segment);
    const network = await TestNetwork.make({
      segments: {
        ...Object.fromEntries(
          policy.segments.map(({ bridge, router, prefixLength }) => [bridge, `${router}/${prefixLength}`]),
        ),
        out: `${address}/24`,
        native: '198.18.0.1/24',
        ...(hostLink === undefined ? {} : { [hostLink.bridge]: `${hostLink.router}/${hostLink.prefixLength}` }),
      },
      nodes: {
        ...Object.fromEntries(
          policy.nodes.map((node) => {
            const segment = segmentOf(node);
            return [node.name, [segment?.bridge ?? '', `${node.address}/${segment?.prefixLength}`]];
          }),
        ),
        internet: ['out', `${gateway}/24`],
        [UNTAGGED]: ['native', '198.18.0.8/24'],
        ...(hostLink === undefined
          ? {}
          : { [STRANGER]: [hostLink.bridge, `${hostLink.host}/${hostLink.prefixLength}`] as const }),
      },
    });
    try {
      if (hostLink !== undefined) await network.sh(STRANGER, 'ip -4 address flush dev eth0');
      await network.ip(
        'internet',
        // It knows no way to a segment: whoever isn't masqueraded hears no answer.
        'route delete default',
        ...[UNREACHABLE, BEYOND].map((there) => `route add ${there}/32 via ${address}`),
        `address add ${policy.internet.probe}/32 dev lo`,
      );
      // Whoever asks is told, however often. (The errors of a route that says "unreachable" the kernel limits for all namespaces together.)
      await network.sh('internet', 'cd /proc/sys/net/ipv4; echo 1 > ip_forward; echo 0 > icmp_ratelimit');
      const refusal = `ip daddr ${UNREACHABLE} reject with icmp type host-unreachable`;
      await network.rules('internet', `chain forward { type filter hook forward priority 0; ${refusal}; }`);
      await network.ip(
        'router',
        `link set dev out group ${UPLINK_GROUPS}`,
        ...(hostLink === undefined ? [] : [`link set dev ${hostLink.bridge} group ${HOST_GROUP}`]),
        ...policy.segments.flatMap(({ bridge, vlan, gateway: second }) => [
          `link set dev ${bridge} group ${vlan}`,
          `address add ${second}/32 dev ${bridge}`,
          `address add fe80::3/64 dev ${bridge} nodad`,
        ]),
        `route add default via ${gateway}`,
      );
      for (const node of policy.nodes) {
        // As Docker has it.
        if (node.kind === 'container')
          await network.ip(node.name, `route replace default via ${segmentOf(node)?.gateway} dev eth0`);
      }
      await network.sh('router', 'echo 1 | tee /proc/sys/net/ipv4/conf/*/bc_forwarding > /dev/null');
      const cables = policy.segments.flatMap(({ name, vlanInterface }) => {
        const device = policy.nodes.find(({ kind, segment }) => kind === 'device' && segment === name);
        return device === undefined ? [] : [[`n-${device.name}`, vlanInterface] as const];
      });
      await network.ip('router', 'link delete dev native');
      await network.ip('switch', `link set dev n-${UNTAGGED} nomaster`, 'link delete dev native');
      cables.push([`n-${UNTAGGED}`, policy.trunk.interface]);
      for (const [port, name] of [...cables, ['r-out', uplink.interface]]) {
        await network.ip('switch', `link set dev ${port} down`, `link set dev ${port} name ${name} up`);
      }
      await network.ip(
        'switch',
        'link add name docker0 type bridge',
        'address add 172.17.0.1/16 dev docker0',
        'address add 192.168.50.9/24 dev out',
        ...(hostLink === undefined
          ? []
          : [`address add ${hostLink.host}/${hostLink.prefixLength} dev ${hostLink.bridge}`]),
        'link set dev lo up',
        'link set dev docker0 up',
        ...policy.segments.map(({ subnet, bridge }) => `route add ${subnet} dev ${bridge}`),
        `route add default via ${gateway}`,
      );
      await network.ip(
        'switch',
        ...policy.segments.flatMap(({ name, bridge, subnet }) =>
          [`r-${bridge}`]
            .concat(
              policy.nodes.flatMap((node) =>
                node.kind === 'container' && node.segment === name ? [`n-${node.name}`] : [],
              ),
            )
            .map((port) => `link set dev ${port} group ${portGroup(subnet)}`),
        ),
      );
      await network.sh(
        'switch',
        'echo 1 > /proc/sys/net/ipv4/ip_forward; echo 0 | tee /proc/sys/net/ipv4/conf/*/rp_filter > /dev/null; ' +
          // Where there is br_netfilter: what is bridged is another matter.
          'for each in /proc/sys/net/bridge/bridge-nf-call-*; do [ ! -e "$each" ] || echo 0 > "$each"; done',
      );
      const truck = new CarelessTruck(network, policy);
      await truck.plugged();
      return truck;
    } catch (error) {
      await network.remove();
      throw error;
    }
  }

  remove(): Promise<void> {
    return this.network.remove();
  }

  /** From now on the layers are these: others than the product's, to see which test tells them apart. */
  countermeasures(changed: Partial<Countermeasures> = {}): void {
    this.#countermeasures = { ...this.#whole, ...changed };
    this.#measured.clear();
  }

  /** Waits until all cables carry frames: the kernel notices some time after a link went up (linkwatch). */
  async plugged(): Promise<void> {
    await this.network.sh('switch', 'while bridge link | grep -v "state forwarding"; do :; done');
  }

  /** These layers hold, and no other. */
  async holds(...layers: readonly Layer[]): Promise<void> {
    for (const layer of ['host', 'edge', 'router'] as const) {
      const [place, ...tables] = RULESETS[layer];
      const cleared = tables.map((table) => `table ${table}\ndelete table ${table}\n`).join('');
      // Another policy of a base chain than before is not taken over.
      const input = layers.includes(layer) ? cleared + this.#countermeasures[layer] : cleared;
      await run(['nft', '-f', '-'], { netns: this.network.netns(place), input });
    }
    // Answers come back to a router without rules, too.
    await this.network.rules('router', layers.includes('router') ? '' : MASQUERADE);
    await this.#write('switch', 'sysctls', layers);
    await this.#write('router', 'routerSysctls', layers);
    // IPv6 that was off has lost its addresses.
    const again = (place: string, address: string) =>
      this.network.sh(
        place,
        this.policy.segments
          .map(
            ({ bridge }) =>
              `[ "$(cat /proc/sys/net/ipv6/conf/${bridge}/disable_ipv6)" = 1 ] || ip address replace ${address}/64 dev ${bridge} nodad`,
          )
          .join('\n'),
      );
    await again('switch', 'fe80::9');
    await again('router', 'fe80::3');
  }

  async #write(place: string, layer: 'sysctls' | 'routerSysctls', layers: readonly Layer[]): Promise<void> {
    const held = layers.includes(layer) ? this.#countermeasures[layer] : [];
    const lines = this.#whole[layer].map(({ path }) => {
      const value = held.find((sysctl) => sysctl.path === path)?.value ?? carelessly(path);
      return `[ ! -e /proc/sys/${path} ] || echo ${value} > /proc/sys/${path}`;
    });
    await this.network.sh(place, lines.join('\n'));
  }

  /** Whom somebody has asked for earlier he asks for again. */
  async forgetNeighbours(): Promise<void> {
    const places = ['router', ...this.policy.nodes.map(({ name }) => name)];
    await Promise.all(places.map((place) => this.network.ip(place, 'neigh flush all')));
  }

  /** Everybody of the policy, with containers as what they are. */
  vantages(): readonly Vantage[] {
    return this.network.vantages('router', ...this.policy.nodes.map(({ name }) => name), 'internet').map((vantage) => ({
      ...vantage,
      kind: this.policy.nodes.some(({ name, kind }) => name === vantage.node && kind === 'container')
        ? 'container'
        : vantage.kind,
    }));
  }

  /** Attempts of these kinds, or all. */
  async attempts(...kinds: readonly BypassKind[]): Promise<readonly BypassRow[]> {
    const { rows } = await tryBypasses({
      ...{ policy: this.policy, vantages: this.vantages(), truck: this.network.netns('switch'), disturb: true },
      ...(kinds.length === 0 ? {} : { kinds }),
    });
    return rows;
  }

  /** Attempts of one kind while these layers hold. */
  async attemptsWith(kind: BypassKind, layers: readonly Layer[]): Promise<readonly BypassRow[]> {
    const key = layers.join();
    const measureAll = async () => {
      await this.holds(...layers);
      return this.attempts();
    };
    const rows = this.#measured.get(key) ?? measureAll();
    this.#measured.set(key, rows);
    return (await rows).filter(({ attempt }) => attempt.kind === kind);
  }

  /** What the policy promises. */
  get expectations(): readonly Expectation[] {
    return expectations(this.policy, Date.now());
  }

  /** The matrix, or other expectations, while these layers hold. */
  async matrixWith(layers: readonly Layer[], expectations = this.expectations): Promise<readonly MatrixRow[]> {
    await this.holds(...layers);
    await this.forgetNeighbours();
    const controls = positiveControls(expectations);
    const probes = [...expectations, ...controls];
    const reachable = new Set(probes.filter(({ verdict }) => verdict === 'reachable').map(({ id }) => id));
    const observations = await measure(this.vantages(), probes, {
      reprobeTimeoutMs: 300,
      expectReply: (id) => reachable.has(id),
    });
    return judge(expectations, observations, controls).rows;
  }
}

/** In words: what did not come out as it should. */
export const besides = (rows: readonly BypassRow[], verdict: BypassRow['verdict']): readonly string[] =>
  rows
    .filter((row) => row.verdict !== verdict)
    .map(({ attempt, verdict: found, reason }) => `${attempt.id}: ${found}, ${reason}`);
