import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hasCode } from '../../../components/host/errno.ts';
import { CommandError, run } from '../../../components/host/run.ts';
import type { RouterConfiguration } from '../../../lib/truck/network.ts';
import { routerFiles } from '../../../lib/truck/router-files.ts';
import { compiled, EXAMPLES, example, policyOf } from '../../lib/truck/support.ts';
import { until } from '../host/until.ts';
import { TestNetwork } from '../isolation-tester/network.ts';

const ROOT = join(EXAMPLES, '../components/router/root/usr/local');
/** What is ours in the image, below components/router/root/usr/local. */
export const SCRIPT = 'bin/firebreak-router';
export const LEASE = 'share/firebreak/lease';

/** busybox's applets that the image has under names of their own, as far as the script needs them. */
const APPLETS = ['awk', 'cat', 'grep', 'hexdump', 'mkdir', 'mv', 'rm', 'sed', 'sleep', 'udhcpc'];

const ARTICLE = example('article.yaml');
/** The same with an uplink that has to ask for its address. */
const BY_DHCP = policyOf(
  [
    ...['version: 1', 'trunk: { interface: enp2s0 }', 'uplinks: { wlan: { interface: wlp3s0f0, dhcp: true } }'],
    'segments: { br0net: { vlan: 1, subnet: 10.0.1.0/24, router: 10.0.1.3, gateway: 10.0.1.2, internet: true } }',
  ].join('\n'),
);
/** The same as the article, with DHCP and DNS in its first segment, from which a flow leads into the second. */
export const SERVED = policyOf(
  `${readFileSync(join(EXAMPLES, 'article.yaml'), 'utf8').replace(/^ *dhcp: false.*$/m, '')}
flows: { look: { from: container1, to: device2, protocol: icmp } }
dns: { servers: [192.168.50.1] }
`,
);
export const CONFIGURATIONS: Readonly<Record<'static' | 'dhcp' | 'served', RouterConfiguration>> = {
  static: compiled(ARTICLE).router.configuration,
  dhcp: compiled(BY_DHCP).router.configuration,
  served: compiled(SERVED).router.configuration,
};
/** The address that Docker gives an uplink over DHCP. */
export const PLACEHOLDER = CONFIGURATIONS.dhcp.interfaces.find(({ uplink }) => uplink !== undefined)?.address ?? '';

const LINKS = { br0net: '10.0.1.3/24', br1net: '10.0.2.3/24', wlan: '192.168.50.2/24', host: '198.19.0.1/30' } as const;
export type LinkName = keyof typeof LINKS | 'stray';

/** Whom the policy doesn't know. */
export const GUESTS = ['guest1', 'guest2', 'guest3', 'guest4'] as const;

/** How a command ended. */
export interface Ended {
  readonly exitCode: number | undefined;
  readonly said: string;
}

/**
 * What runs in the router container, natively: in a network namespace with the interfaces that Docker gives it, a mount namespace with a /run of
 * its own, and busybox's programs. The gateway leases addresses.
 */
export class ScriptTruck {
  readonly network: TestNetwork;
  readonly #directory: string;
  readonly #processes: ChildProcess[] = [];
  #started: { readonly child: ChildProcess; readonly ended: Promise<Ended> }[] = [];
  #changed: (file: string, text: string) => string = (_file, text) => text;

  private constructor(network: TestNetwork, directory: string) {
    this.network = network;
    this.#directory = directory;
  }

  static async make(): Promise<ScriptTruck> {
    const directory = await mkdtemp(join(tmpdir(), 'firebreak-script-'));
    const network = await TestNetwork.make({
      segments: { ...LINKS, stray: '10.0.9.3/24' },
      nodes: {
        container1: ['br0net', '10.0.1.4/24'],
        container2: ['br1net', '10.0.2.4/24'],
        device1: ['br0net', '10.0.1.5/24'],
        ...Object.fromEntries(GUESTS.map((guest, index) => [guest, ['br0net', `10.0.1.8${index}/24`] as const])),
        internet: ['wlan', '192.168.50.1/24'],
      },
    });
    try {
      await network.ip('internet', 'address add 8.8.8.8/32 dev lo', 'route delete default');
      await network.ip('device1', 'link set dev eth0 address 02:00:00:00:01:05');
      await writeFile(join(directory, 'client'), '#!/bin/sh\n[ "$1" != bound ] || env\n', { mode: 0o755 });
      for (const part of ['bin', 'run', 'local']) await mkdir(join(directory, part));
      for (const applet of APPLETS) await symlink('/usr/bin/busybox', join(directory, 'bin', applet));
      const served = [
        ...['start 192.168.50.100', 'end 192.168.50.100', 'interface eth0', 'option subnet 255.255.255.0'],
        ...['option router 192.168.50.1', 'option lease 600', `lease_file ${join(directory, 'leases')}`],
        `pidfile ${join(directory, 'udhcpd.pid')}`,
      ];
      await writeFile(join(directory, 'leases'), '');
      await writeFile(join(directory, 'udhcpd.conf'), `${served.join('\n')}\n`);
      const truck = new ScriptTruck(network, directory);
      const dhcpd = ['busybox', 'udhcpd', '-f', join(directory, 'udhcpd.conf')];
      truck.#processes.push(spawn('nsenter', [`--net=${network.netns('internet')}`, ...dhcpd], { stdio: 'ignore' }));
      return truck;
    } catch (error) {
      await network.remove();
      throw error;
    }
  }

  async remove(): Promise<void> {
    await this.#stopClients();
    for (const each of this.#processes) each.kill('SIGKILL');
    await this.network.remove();
    await rm(this.#directory, { recursive: true });
  }

  /** From now on what is ours is changed so before it runs. */
  changing(change: (file: string, text: string) => string = (_file, text) => text): void {
    this.#changed = change;
  }

  /** As Docker has just made it: without rules, without forwarding, and with what a kernel has that nobody has configured. */
  async anew(uplink: keyof typeof CONFIGURATIONS = 'static'): Promise<void> {
    await this.#stopClients();
    await rm(join(this.#directory, 'run'), { recursive: true });
    for (const part of ['run', 'run/configuration', 'run/leases']) await mkdir(join(this.#directory, part));
    await rm(join(this.#directory, 'local'), { recursive: true });
    await cp(ROOT, join(this.#directory, 'local'), { recursive: true });
    for (const file of [SCRIPT, LEASE]) {
      const text = this.#changed(file, await readFile(join(ROOT, file), 'utf8'));
      await writeFile(join(this.#directory, 'local', file), text, { mode: 0o755 });
    }
    const addresses = { ...LINKS, stray: '10.0.9.3/24', ...(uplink === 'dhcp' ? { wlan: PLACEHOLDER } : {}) };
    const sysctls = CONFIGURATIONS.static.sysctls.map(
      ({ path, value }) => `echo ${1 - Math.min(1, Number(value))} > /proc/sys/${path}`,
    );
    await this.network.sh(
      'router',
      [
        ...['nft flush ruleset', 'echo 0 > /proc/sys/net/ipv4/ip_forward', ...sysctls],
        ...['ip -4 rule flush', 'ip -4 rule add pref 32766 lookup main', 'ip -4 rule add pref 32767 lookup default'],
        ...['ip route flush table 100 2>/dev/null || :'],
        ...Object.entries(addresses).flatMap(([link, address], index) => [
          `ip link set dev ${link} group 0 address 02:42:00:00:00:0${index}`,
          `ip -4 address flush dev ${link}; ip address add ${address} dev ${link}`,
          `echo 0 > /proc/sys/net/ipv4/conf/${link}/arp_notify`,
        ]),
      ].join('\n'),
    );
  }

  /** Gives the router its configuration. */
  async configure(uplink: keyof typeof CONFIGURATIONS, changed: Readonly<Record<string, string>> = {}): Promise<void> {
    const files = { ...routerFiles(CONFIGURATIONS[uplink]), ...changed };
    for (const [name, text] of Object.entries(files)) await writeFile(join(this.#configuration, name), text);
  }

  get #configuration(): string {
    return join(this.#directory, 'run', 'configuration');
  }

  /** What the server of a segment has written: who was leased which address. */
  async leases(segment: string): Promise<string> {
    return await readFile(join(this.#directory, 'run', 'leases', `${segment}.leases`), 'utf8').catch(() => '');
  }

  /** Is there a record of a lease? Its own file is there before the client knows of it, the record a moment later. */
  async isRecorded(segment: string, address: string): Promise<boolean> {
    return (await readdir(join(this.#directory, 'run', 'leases', segment))).includes(address);
  }

  /** As a power cut leaves it that comes while it is written. */
  async cutLeases(segment: string): Promise<void> {
    await writeFile(join(this.#directory, 'run', 'leases', `${segment}.leases`), '17956');
  }

  /** The process ID of a segment's server, or none. It has a child, which starts scripts for it and looks the same. */
  async server(segment: string): Promise<number | null> {
    const read = (file: string) => readFile(file, 'utf8').catch(() => '');
    const pid = (await read(join(this.#directory, 'run', `dnsmasq-${segment}.pid`))).trim();
    const line = pid === '' ? '' : await read(`/proc/${pid}/cmdline`);
    return line.startsWith('dnsmasq') && line.includes(`/run/dnsmasq-${segment}.conf`) ? Number(pid) : null;
  }

  /** The router leaves a network and joins it again, as Docker does it: by another interface of the same name. */
  async rejoin(segment: keyof typeof LINKS): Promise<void> {
    const port = `r-${segment}`;
    const [inside, outside] = ['router', 'switch'].map((place) => this.network.netns(place).replace('/run/netns/', ''));
    await this.network.ip('router', `link delete dev ${segment}`);
    await run(`ip link add name ${segment} netns ${inside} type veth peer name ${port} netns ${outside}`.split(' '));
    await this.network.ip('switch', `link set dev ${port} master ${segment} up`);
    await this.network.ip('router', `link set dev ${segment} up`, `address add ${LINKS[segment]} dev ${segment}`);
  }

  /** What a node is told that asks for an address, by its names in udhcpc's environment; null: it is told nothing. */
  async ask(node: string, ...options: readonly string[]): Promise<Readonly<Record<string, string>> | null> {
    // It goes on asking when a server has died between offer and acknowledgement, as one that runs for good does.
    const client = [
      ...'timeout 50 busybox udhcpc -f -q -t 40 -T 1 -A 1 -i eth0'.split(' '),
      '-s',
      this.#client,
      ...options,
    ];
    const argv = ['sh', '-c', '"$@" 2>/dev/null || :', 'sh', ...client];
    const said = await run(argv, { netns: this.network.netns(node), timeoutMs: 60_000 });
    const told = Object.fromEntries(
      [...said.matchAll(/^(\w+)=(.*)$/gm)].map(([, name = '', value = '']) => [name, value]),
    );
    return told.ip === undefined ? null : told;
  }

  get #client(): string {
    return join(this.#directory, 'client');
  }

  /** The file that an apply locks. */
  get lock(): string {
    return join(this.#directory, 'run', 'firebreak.lock');
  }

  #argv(command: string): readonly string[] {
    const setUp =
      'mount --bind "$1/run" /run; mount --bind "$1/local" /usr/local; mount -t sysfs sysfs /sys; shift; exec "$@"';
    return [
      ...['nsenter', `--net=${this.network.netns('router')}`, 'unshare', '--mount', 'sh', '-ec', setUp, 'sh'],
      ...[this.#directory, 'env', `PATH=${join(this.#directory, 'bin')}:/usr/sbin:/usr/bin:/sbin:/bin`],
      ...[
        'FIREBREAK_CONFIGURATION=/run/configuration',
        'FIREBREAK_LEASES=/run/leases',
        `/usr/local/${SCRIPT}`,
        command,
      ],
    ];
  }

  async apply(): Promise<Ended> {
    try {
      return { exitCode: 0, said: await run([...this.#argv('apply')], { timeoutMs: 20_000 }) };
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      return { exitCode: error.exitCode, said: error.stderr };
    }
  }

  /** A process of the script’s that goes on. */
  start(command: 'run' | 'apply'): { said(): string; end(): Promise<Ended>; readonly ended: Promise<Ended> } {
    const [file = '', ...args] = this.#argv(command);
    const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (said += chunk));
    const ended = new Promise<Ended>((resolve) =>
      child.once('exit', (code) => {
        killGroup(child.pid);
        resolve({ exitCode: code ?? undefined, said });
      }),
    );
    this.#started.push({ child, ended });
    const end = () => {
      child.kill('SIGTERM');
      return ended;
    };
    return { said: () => said, ended, end };
  }

  /** Is a ping answered? */
  async answered(from: string, to: string): Promise<boolean> {
    return / bytes from /.test(await this.network.sh(from, `ping -n -c 1 -W 1 ${to} || :`));
  }

  /** What `ip` says in the router. */
  ip(...words: readonly string[]): Promise<string> {
    return run(['ip', ...words], { netns: this.network.netns('router') });
  }

  /** Process IDs of the router's DHCP clients. */
  async clients(): Promise<readonly string[]> {
    const words = await run([
      'sh',
      '-c',
      'ip netns pids "$1" | while read -r pid; do grep -qz "udhcpc" /proc/$pid/cmdline && echo $pid; done; :',
      'sh',
      this.#name,
    ]);
    return words.split('\n').filter((pid) => pid !== '');
  }

  get #name(): string {
    return this.network.netns('router').replace('/run/netns/', '');
  }

  async #stopClients(): Promise<void> {
    for (const { child, ended } of this.#started) {
      if (child.exitCode === null && child.signalCode === null) killGroup(child.pid);
      await ended;
    }
    this.#started = [];
    for (const pid of await this.clients()) process.kill(Number(pid), 'SIGKILL');
    await until('DHCP clients end', async () => (await this.clients()).length === 0);
  }
}

/** What a shell leaves in the background, which in a container ends with it. */
function killGroup(leader: number | undefined): void {
  try {
    if (leader !== undefined) process.kill(-leader, 'SIGKILL');
  } catch (error) {
    if (!hasCode(error, 'ESRCH')) throw error;
  }
}
