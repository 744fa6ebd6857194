import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, stat } from 'node:fs/promises';
import { viewNetwork } from '../../../components/host/network-view.ts';
import { inNamespace } from '../../../components/host/sockets/namespace.ts';
import { close, openListener, receive } from '../../../components/host/sockets/sockets.ts';
import { routerMac } from '../../../lib/truck/router-mac.ts';
import { ROUTER_RULES } from '../../../lib/truck/router-rules.ts';
import { becomes as becomesWithin, until } from '../host/until.ts';
import { type Trial, unless } from '../trial.ts';
import { CONFIGURATIONS, PLACEHOLDER, type ScriptTruck } from './script-truck.ts';

/** What the router's script does to the kernel that it runs on. */
export type ScriptTrial = Trial<ScriptTruck>;

const PATIENCE_MS = 6000;

/** In time. */
const becomes = (isSo: () => boolean | Promise<boolean>) => becomesWithin(isSo, PATIENCE_MS);

const forwarding = async ({ network }: ScriptTruck) =>
  (await network.sh('router', 'cat /proc/sys/net/ipv4/ip_forward')).trim() === '1';

/** Whether container1 comes to know the router's MAC address for one of its addresses. */
const isTold = ({ network }: ScriptTruck, address: string) =>
  becomes(async () =>
    (await network.sh('container1', `ip neigh show ${address}`)).includes(
      `lladdr ${routerMac({ router: '10.0.1.3' })}`,
    ),
  );

export const SCRIPT_TRIALS = {
  deaf: {
    name: 'a router that starts hears nothing until its ruleset is there, and then opens itself',
    problems: async (truck) => {
      await truck.anew();
      const router = truck.start('run');
      try {
        const isDeaf = await becomes(async () => !(await truck.answered('container1', '10.0.2.3')));
        if (!isDeaf) return ['without a ruleset it answers on an address of another segment'];
        await truck.configure('static');
        const isOpen = await becomes(() => truck.answered('container1', '8.8.8.8'));
        if (!isOpen) return [`it stays closed, and says: ${router.said()}`];
        const isTold = await becomes(() => /open by \S+\n/.test(router.said()));
        const { exitCode, said } = await router.end();
        return [
          ...unless(isTold && /^firebreak-router: open by \S+\n$/.test(said), `it says: ${said}`),
          ...unless(exitCode === 0, `told to end, it ends with ${exitCode}`),
        ];
      } finally {
        await router.end();
      }
    },
  },
  refused: {
    name: 'a router whose ruleset the kernel refuses is closed, whatever was open before',
    problems: async (truck) => {
      await truck.anew();
      await truck.configure('static');
      await truck.apply();
      if (!(await truck.answered('container1', '8.8.8.8'))) return ['it was not open before'];
      await truck.configure('static', { 'ruleset.nft': 'table inet firebreak { chain' });
      const { exitCode } = await truck.apply();
      return [
        ...unless(exitCode === 1, `it ends with ${exitCode}`),
        ...unless(!(await forwarding(truck)), 'it forwards'),
        ...unless(!(await truck.answered('container1', '10.0.1.3')), 'it hears'),
      ];
    },
  },
  kernel: {
    name: 'the kernel becomes what the configuration says, whatever it was before',
    problems: async (truck) => {
      await truck.anew();
      await truck.network.ip(
        'router',
        // As Docker has it when the router joins a network; then what is left of earlier configurations.
        ...['route add default via 10.0.1.2', 'route add default via 192.168.50.7 metric 300'],
        ...['route add default via 192.168.50.7 metric 300 table 100', 'rule add pref 50 from all lookup 77'],
        ...['link set dev stray group 2', 'address add 10.0.1.77/24 dev br0net'],
      );
      await truck.configure('static');
      const { exitCode, said } = await truck.apply();
      return [...unless(exitCode === 0, `it ends with ${exitCode}: ${said}`), ...(await differences(truck))];
    },
  },
  mac: {
    name: 'who knows the router by another MAC address is told its new one',
    problems: async (truck) => {
      await truck.anew();
      const { network } = truck;
      await network.sh('container1', 'echo 0 > /proc/sys/net/ipv4/neigh/eth0/locktime; ip neigh flush dev eth0');
      if (!(await truck.answered('container1', '10.0.1.3'))) return ['he didn’t know it'];
      await truck.configure('static');
      await truck.apply();
      return unless(await isTold(truck, '10.0.1.3'), 'he goes on believing the old one');
    },
  },
  gateway: {
    name: 'who knows the gateway by the MAC address that the router had under another address is told its new one',
    problems: async (truck) => {
      await truck.anew();
      const { network } = truck;
      await truck.configure('static');
      await truck.apply();
      // The router's own MAC address is the right one already: it is the gateway's address that is new to it.
      await network.ip('router', 'address delete 10.0.1.2/32 dev br0net');
      const known = 'lladdr 06:fb:0a:00:01:09 dev eth0 nud reachable';
      await network.sh('container1', 'echo 0 > /proc/sys/net/ipv4/neigh/eth0/locktime');
      await network.sh('container1', `ip neigh replace 10.0.1.2 ${known}`);
      await truck.apply();
      return unless(await isTold(truck, '10.0.1.2'), 'he goes on sending to the old one');
    },
  },
  waits: {
    name: 'of two that apply at once the second waits',
    problems: async (truck) => {
      await truck.anew();
      await truck.configure('static');
      await truck.apply();
      let second: ReturnType<ScriptTruck['start']> | undefined;
      const holder = spawn('flock', [truck.lock, 'sh', '-c', 'echo held; exec cat']);
      try {
        await once(holder.stdout, 'data');
        second = truck.start('apply');
        const { ino } = await stat(truck.lock);
        let hasEnded = false;
        void second.ended.then(() => {
          hasEnded = true;
        });
        const waiting = async () => new RegExp(`-> .*:${ino} `).test(await readFile('/proc/locks', 'utf8'));
        await until('it waits, or has ended', async () => hasEnded || (await waiting()));
        return unless(!hasEnded, 'it didn’t wait');
      } finally {
        holder.stdin.end();
        await second?.ended;
      }
    },
  },
  missing: {
    name: 'an interface that isn’t there is told, and what is there is open',
    problems: async (truck) => {
      await truck.anew();
      await truck.network.ip('router', 'address flush dev br1net');
      await truck.configure('static');
      const { exitCode } = await truck.apply();
      return [
        ...unless(exitCode === 1, `it ends with ${exitCode}`),
        ...unless(await truck.answered('container1', '8.8.8.8'), 'the others are closed'),
      ];
    },
  },
  lease: {
    name: 'an uplink over DHCP has its lease from one client, for as long as it is one',
    problems: async (truck) => {
      await truck.anew('dhcp');
      await truck.network.rules('internet', ASKED);
      try {
        return await leased(truck);
      } finally {
        await truck.network.rules('internet');
      }
    },
  },
} as const satisfies Readonly<Record<string, ScriptTrial>>;

/** Whether answers are asked for by broadcast: the first bit of the flags, ten bytes into the message (RFC 2131). */
const ASKED =
  'chain asked { type filter hook prerouting priority 0; udp dport 67 @th,144,1 0 counter; udp dport 67 counter; }';

async function leased(truck: ScriptTruck): Promise<readonly string[]> {
  const { network } = truck;
  const ways = async () => {
    const text = `${await truck.ip('-4', 'route', 'show', 'default')}${await truck.ip('-4', 'route', 'show', 'table', '100')}`;
    return text.match(/default via 192\.168\.50\.1 dev wlan metric 100/g)?.length ?? 0;
  };
  await truck.configure('dhcp');
  const gateway = listening(truck);
  const first = await truck.apply();
  const hasLease = await becomes(async () => (await ways()) === 2);
  const addresses = await truck.ip('-4', '-o', 'address', 'show', 'dev', 'wlan');
  const [unicast, asked] = [
    ...(await network.sh('internet', 'nft list chain inet t asked')).matchAll(/packets (\d+)/g),
  ];
  const heard = gateway.heard();
  gateway.end();
  const problems = [
    ...unless(first.exitCode === 0, `it ends with ${first.exitCode}: ${first.said}`),
    ...unless(hasLease, `of two default routes there are ${await ways()}`),
    ...unless(addresses.includes(' 192.168.50.100/24 '), `the uplink has ${addresses}`),
    ...unless(!addresses.includes(PLACEHOLDER), 'it still has what Docker gave it'),
    ...unless(
      unicast?.[1] === '0' && asked?.[1] !== '0',
      'it wants answers for its MAC address, which is the host’s, too',
    ),
    ...unless(heard.includes('firebreak-5000-'), 'it doesn’t say which of those with this MAC address it is'),
  ];
  if (problems.length > 0) return problems;
  const again = truck.start('apply');
  let ended: number | undefined | null = null;
  void again.ended.then(({ exitCode }) => {
    ended = exitCode;
  });
  if (!(await becomes(() => ended !== null))) return ['a second apply waits for a client that never ends'];
  const clients = await truck.clients();
  await network.ip('router', 'address add 192.168.50.2/24 dev wlan');
  await truck.configure('static');
  await truck.apply();
  return [
    ...unless(ended === 0, `a second apply ends with ${ended}`),
    ...unless(clients.length === 1, `then there are ${clients.length} clients`),
    ...unless(await becomes(async () => (await truck.clients()).length === 0), 'the client outlives its uplink'),
  ];
}

/** Hears what arrives at the gateway; what that was, as text. */
function listening({ network }: ScriptTruck): { heard(): string; end(): void } {
  const socket = inNamespace(network.netns('internet'), openListener);
  return {
    heard: () => {
      let all = '';
      for (let packet = receive(socket); packet !== null; packet = receive(socket)) all += packet.toString('latin1');
      return all;
    },
    end: () => close(socket),
  };
}

/** In words: where the kernel isn't what the article's configuration says. */
async function differences(truck: ScriptTruck): Promise<readonly string[]> {
  const { network } = truck;
  const { sysctls, interfaces } = CONFIGURATIONS.static;
  const values = await network.sh('router', sysctls.map(({ path }) => `cat /proc/sys/${path}`).join('\n'));
  const view = viewNetwork(network.netns('router'));
  const groupOf = (name: string) => view.links.find((each) => each.name === name)?.group;
  const links = { wlan: 'wlan', br0net: 'br0net', br1net: 'br1net', 'fb-host': 'host' } as const;
  const nameOf = (name: string) => Object.entries(links).find(([key]) => key === name)?.[1] ?? 'host';
  const routes = async (table: string) => (await truck.ip('-4', 'route', 'show', 'default', 'table', table)).trim();
  const out = 'default via 192.168.50.1 dev wlan metric 100';
  const rules = view.rules?.join('\n');
  return [
    ...sysctls.flatMap(({ path, value }, index) =>
      unless(values.split('\n')[index] === value, `${path} is ${values.split('\n')[index]}`),
    ),
    ...interfaces.flatMap(({ name, group, address, extraAddresses, mac }) => {
      const link = view.links.find((each) => each.name === nameOf(name));
      const wanted = [address, ...extraAddresses].sort().join();
      return [
        ...unless(link?.group === group, `${name} is in group ${link?.group}`),
        ...unless([...(link?.addresses ?? [])].sort().join() === wanted, `${name} has ${link?.addresses}`),
        ...unless(mac === undefined || link?.mac === mac, `${name} has the MAC address ${link?.mac}`),
      ];
    }),
    ...unless(groupOf('stray') === 0, `an interface that nobody named is in group ${groupOf('stray')}`),
    ...unless((await routes('main')) === out, `the main table leads out by ${await routes('main')}`),
    ...unless((await routes('100')) === out, `our own table leads out by ${await routes('100')}`),
    ...unless(rules === ROUTER_RULES.join('\n'), `the rules are ${rules}`),
  ];
}
