import { run } from '../../../components/host/run.ts';
import { tryBypasses } from '../../../components/isolation-tester/bypass-test.ts';
import type { Vantage } from '../../../components/isolation-tester/measure.ts';
import type { BypassKind } from '../../../lib/truck/bypass.ts';
import type { BypassRow } from '../../../lib/truck/judge-bypasses.ts';
import { compiled, example } from '../../lib/truck/support.ts';
import { TestNetwork } from './network.ts';

export const ARTICLE = example('article.yaml');
const TRUCK = compiled(ARTICLE);
const NODES = ['router', 'container1', 'device1', 'container2', 'device2', 'internet'];

/** A countermeasure as a whole; the place where it is. */
const RULESETS = {
  host: ['switch', TRUCK.hostRuleset.text, 'inet firebreak_host'],
  edge: ['switch', TRUCK.edgeRuleset.text, 'bridge firebreak_edge'],
  router: ['router', TRUCK.router.configuration.ruleset.text, 'inet firebreak'],
} as const;
export type Layer = keyof typeof RULESETS | 'sysctls';

/** What the host's IP layer is told, and its opposite; names as paths below /proc/sys. */
const SYSCTLS = TRUCK.sysctls.filter(({ path }) => !path.includes('bridge-nf'));
const CARELESS = { forwarding: '1', arp_ignore: '0', arp_announce: '0', rp_filter: '0', disable_ipv6: '0' } as const;
const carelessly = (path: string) => CARELESS[path.slice(path.lastIndexOf('/') + 1) as keyof typeof CARELESS];

/**
 * The article's truck as far as any kernel has it, as careless as can be: the host has addresses and routes everywhere and forwards, all speak
 * IPv6, the router forwards whatever comes. The place `switch` is the truck; the VLAN links are a device's cable each.
 */
export class CarelessTruck {
  readonly network: TestNetwork;

  private constructor(network: TestNetwork) {
    this.network = network;
  }

  static async make(): Promise<CarelessTruck> {
    const network = await TestNetwork.make({
      segments: { br0: '10.0.1.3/24', br1: '10.0.2.3/24', out: '192.168.50.2/24', 'fb-host': '198.19.0.1/30' },
      nodes: {
        container1: ['br0', '10.0.1.4/24'],
        device1: ['br0', '10.0.1.5/24'],
        container2: ['br1', '10.0.2.4/24'],
        device2: ['br1', '10.0.2.5/24'],
        internet: ['out', '192.168.50.1/24'],
      },
    });
    try {
      await network.ip('internet', 'route replace default via 192.168.50.2', 'address add 8.8.8.8/32 dev lo');
      await network.ip(
        'router',
        'link set dev out group 5000',
        'link set dev fb-host group 4999',
        'address add 10.0.1.2/32 dev br0',
        'address add 10.0.2.2/32 dev br1',
        'address add fe80::3/64 dev br0 nodad',
        'address add fe80::3/64 dev br1 nodad',
        'route add default via 192.168.50.1',
      );
      await network.sh('router', 'echo 1 | tee /proc/sys/net/ipv4/conf/*/bc_forwarding > /dev/null');
      for (const [port, name] of [
        ['n-device1', 'enp2s0.1'],
        ['n-device2', 'enp2s0.2'],
        ['r-out', 'wlp3s0f0'],
      ]) {
        await network.ip('switch', `link set dev ${port} down`, `link set dev ${port} name ${name} up`);
      }
      await network.ip(
        'switch',
        'link add name docker0 type bridge',
        'address add 172.17.0.1/16 dev docker0',
        'address add 192.168.50.9/24 dev out',
        'address add 198.19.0.2/30 dev fb-host',
        'link set dev lo up',
        'link set dev docker0 up',
        'route add 10.0.1.0/24 dev br0',
        'route add 10.0.2.0/24 dev br1',
        'route add default via 192.168.50.1',
      );
      await network.sh(
        'switch',
        'echo 1 > /proc/sys/net/ipv4/ip_forward; echo 0 | tee /proc/sys/net/ipv4/conf/*/rp_filter > /dev/null; ' +
          // Where there is br_netfilter: what is bridged is another matter.
          'for each in /proc/sys/net/bridge/bridge-nf-call-*; do [ ! -e "$each" ] || echo 0 > "$each"; done',
      );
      const truck = new CarelessTruck(network);
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

  /** Waits until all cables carry frames: the kernel notices some time after a link went up (linkwatch). */
  async plugged(): Promise<void> {
    await this.network.sh('switch', 'while bridge link | grep -v "state forwarding"; do :; done');
  }

  /** These layers hold, and no other. */
  async holds(...layers: readonly Layer[]): Promise<void> {
    for (const [layer, [place, text, table]] of Object.entries(RULESETS)) {
      const input = layers.includes(layer as Layer) ? text : `table ${table}\ndelete table ${table}\n`;
      await run(['nft', '-f', '-'], { netns: this.network.netns(place), input });
    }
    const held = layers.includes('sysctls');
    await this.network.sh(
      'switch',
      SYSCTLS.map(
        ({ path, value }) =>
          `[ ! -e /proc/sys/${path} ] || echo ${held ? value : carelessly(path)} > /proc/sys/${path}`,
      ).join('\n'),
    );
    if (!held)
      await this.network.ip('switch', ...['br0', 'br1'].map((link) => `address replace fe80::9/64 dev ${link} nodad`));
  }

  /** Everybody of the policy, with containers as what they are. */
  vantages(): readonly Vantage[] {
    return this.network.vantages(...NODES).map((vantage) => ({
      ...vantage,
      kind: vantage.node.startsWith('container') ? 'container' : vantage.kind,
    }));
  }

  /** Attempts of these kinds, or all. */
  async attempts(...kinds: readonly BypassKind[]): Promise<readonly BypassRow[]> {
    const { rows } = await tryBypasses({
      ...{ policy: ARTICLE, vantages: this.vantages(), truck: this.network.netns('switch'), disturb: true },
      ...(kinds.length === 0 ? {} : { kinds }),
    });
    return rows;
  }
}

/** In words: what did not come out as it should. */
export const besides = (rows: readonly BypassRow[], verdict: BypassRow['verdict']): readonly string[] =>
  rows
    .filter((row) => row.verdict !== verdict)
    .map(({ attempt, verdict: found, reason }) => `${attempt.id}: ${found}, ${reason}`);
