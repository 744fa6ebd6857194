import { readFile } from 'node:fs/promises';
import { run } from '../../../../components/host/run.ts';
import { until } from '../../host/until.ts';
import { type Trial, unless } from '../../trial.ts';
import { ASKED, type EngineTruck, networkOf, ROUTER_SYSCTLS } from './engine-truck.ts';

/** What a real Docker Engine makes of what it is asked for: seen in the kernel, not in what it says. */
export interface EngineTrial extends Trial<EngineTruck> {
  /** The router, or the name of a network. */
  readonly about: string;
}

/** CAP_NET_BIND_SERVICE, CAP_NET_ADMIN and CAP_NET_RAW (linux/capability.h). */
const CAPABILITIES = 2n ** 10n + 2n ** 12n + 2n ** 13n;
const READ_ONLY = [
  ...['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sysrq-trigger'],
  ...['abi', 'debug', 'dev', 'fs', 'kernel', 'sunrpc', 'user', 'vm', 'xen'].map((name) => `/proc/sys/${name}`),
];

/** Mount points of a process with their options; of several at one place the last holds (proc(5)). */
async function mountsOf(pid: number): Promise<ReadonlyMap<string, string>> {
  const lines = (await readFile(`/proc/${pid}/mountinfo`, 'utf8')).trim().split('\n');
  return new Map(
    lines.map((line) => {
      const [, , , , place = '', options = '', ...rest] = line.split(' ');
      return [place, `${options},${rest.at(-1)}`];
    }),
  );
}
const has = (options: string | undefined, option: string) => options?.split(',').includes(option) ?? false;

const privileges: EngineTrial = {
  name: 'the router may do in the kernel what it is for, and nothing else',
  about: 'router',
  problems: (truck) =>
    truck.withRouter(async (pidNow) => {
      const pid = await pidNow();
      const status = await readFile(`/proc/${pid}/status`, 'utf8');
      const statusOf = (key: string) => new RegExp(`^${key}:\\s+(\\S+)`, 'm').exec(status)?.[1] ?? '';
      const mounts = await mountsOf(pid);
      const exists = async (path: string) =>
        (await run(['sh', '-c', '[ -e "$1" ] && echo yes || :', 'sh', `/proc/${pid}/root${path}`])).includes('yes');
      const writable: string[] = [];
      for (const path of READ_ONLY) if (!has(mounts.get(path), 'ro') && (await exists(path))) writable.push(path);
      const values = await Promise.all(
        ROUTER_SYSCTLS.map(async ({ path, value }) => {
          const found = (await run(['cat', `/proc/sys/${path}`], { netns: `/proc/${pid}/ns/net` })).trim();
          return unless(found === value, `${path} is ${found}`);
        }),
      );
      const forwarding = (await run(['cat', '/proc/sys/net/ipv4/ip_forward'], { netns: `/proc/${pid}/ns/net` })).trim();
      return [
        ...['CapEff', 'CapBnd', 'CapPrm'].flatMap((set) =>
          unless(BigInt(`0x${statusOf(set)}`) === CAPABILITIES, `${set} is ${statusOf(set)}`),
        ),
        ...unless(statusOf('NoNewPrivs') === '1', 'it may get more privileges by a program'),
        ...unless(has(mounts.get('/'), 'ro'), 'it may write to its image'),
        ...unless(has(mounts.get('/etc/firebreak'), 'ro'), 'it may write its own configuration'),
        ...unless(has(mounts.get('/var/lib/firebreak'), 'rw'), 'it can’t keep leases where they outlive it'),
        ...['noexec', 'nosuid', 'size=1024k'].flatMap((option) =>
          unless(has(mounts.get('/run'), option), `its /run isn’t ${option}`),
        ),
        ...unless(writable.length === 0, `it may write ${writable.join(', ')}`),
        // Of all below /proc only this: it has to open itself.
        ...unless(!has(mounts.get('/proc/sys/net') ?? mounts.get('/proc/sys'), 'ro'), 'it can’t turn forwarding on'),
        ...unless(forwarding === '0', 'it forwards before it has a ruleset'),
        ...values.flat(),
      ];
    }),
};

const serves: EngineTrial = {
  name: 'the router serves DHCP and DNS with the privileges that it has, and keeps leases on the host',
  about: 'router',
  problems: (truck) =>
    truck.whileServing(async (pidNow) => {
      const listening = async () => run(['ss', '-Hlnu'], { netns: `/proc/${await pidNow()}/ns/net` });
      const isServing = async () => {
        const ports = await listening();
        return ports.includes(' 10.0.1.3:53 ') && / \S+:67 /.test(ports);
      };
      try {
        await until('it serves', isServing, 20_000);
      } catch {
        return [`it hears ${await listening()}`];
      }
      return unless((await truck.leases()).includes('br0net.leases'), 'on the host there are no leases');
    }),
};

const comesBack: EngineTrial = {
  name: 'a router that is killed is started again',
  about: 'router',
  problems: (truck) =>
    truck.withRouter(async (pidNow) => {
      const pid = await pidNow();
      process.kill(pid, 'SIGKILL');
      try {
        await until('another process', async () => ![0, pid].includes(await pidNow()), 10_000);
        return [];
      } catch {
        return ['it stays away'];
      }
    }),
};

const segment: EngineTrial = {
  name: 'a segment’s network is on the segment’s bridge, where the host has no address and masquerades nothing',
  about: 'br0net',
  problems: (truck) =>
    truck.withNetwork('br0net', async () => {
      const { bridge, gateway } = networkOf('br0net');
      const links = await run(['ip', '-o', 'link', 'show', 'type', 'bridge'], { netns: truck.netns });
      const addresses = await run(['ip', '-o', '-4', 'address'], { netns: truck.netns });
      const rules = `${await run(['iptables-save', '-t', 'nat'], { netns: truck.netns })}${await run(['nft', 'list', 'ruleset'], { netns: truck.netns })}`;
      const own = [...links.matchAll(/^\d+: ([^:@]+)/gm)]
        .map(([, name]) => name)
        .filter((name) => name?.startsWith('br-'));
      return [
        ...unless(own.length === 0, `the engine has made ${own.join(', ')} beside ${bridge}`),
        ...unless(!addresses.includes(` ${gateway}/`), `the host has ${gateway}`),
        ...unless(!/10\.0\.1\.0\/24.*(MASQUERADE|masquerade)/.test(rules), 'the host masquerades the segment'),
      ];
    }),
};

const hostLink: EngineTrial = {
  name: 'out of the host link’s network Docker leads nobody, and gives the host no address there',
  about: ASKED.hostLink,
  problems: (truck) => {
    const { name, gateway, subnet } = networkOf(ASKED.hostLink);
    return truck.withNetwork(name, async () => {
      const addresses = await run(['ip', '-o', '-4', 'address'], { netns: truck.netns });
      const filter = await run(['iptables-save', '-t', 'filter'], { netns: truck.netns });
      const isIsolated = filter.includes(`! -s ${subnet} -o fb-host -j DROP`);
      return [
        ...unless(!addresses.includes(` ${gateway}/`), `the host has ${gateway} by the engine`),
        ...unless(isIsolated, 'the engine lets it out'),
      ];
    });
  },
};

export const ENGINE_TRIALS: readonly EngineTrial[] = [privileges, serves, comesBack, segment, hostLink];
