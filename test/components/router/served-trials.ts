import { spawn } from 'node:child_process';
import { becomes as becomesWithin, until } from '../host/until.ts';
import { type Trial, unless } from '../trial.ts';
import { CONFIGURATIONS, GUESTS, type ScriptTruck } from './script-truck.ts';

/** What the router's DHCP and DNS servers do for a segment, and what becomes of them: the real dnsmasq and real clients. */
export type ServedTrial = Trial<ScriptTruck>;

const SEGMENT = 'br0net';
const PATIENCE_MS = 10_000;

/** In time. */
const becomes = (isSo: () => boolean | Promise<boolean>) => becomesWithin(isSo, PATIENCE_MS);

/** With a router that runs, and serves. */
async function served(truck: ScriptTruck, problems: () => Promise<readonly string[]>): Promise<readonly string[]> {
  await truck.anew();
  await truck.configure('served');
  const router = truck.start('run');
  try {
    const isThere = await becomes(async () => (await truck.server(SEGMENT)) !== null);
    return isThere ? await problems() : [`there is no server, and it says: ${router.said()}`];
  } finally {
    await router.end();
  }
}

/** What the router says when it is asked for a name: its addresses; or whatever else comes of it. */
async function resolve({ network }: ScriptTruck, node: string, name: string, server = '10.0.1.3'): Promise<string> {
  const said = await network.sh(node, `busybox nslookup -type=a ${name} ${server} 2>&1 || :`);
  const [, answer = said] = said.split(/\n\n/);
  return [...answer.matchAll(/Address(?: \d+)?: (\S+)/g)].map(([, address]) => address).join();
}

async function kill(truck: ScriptTruck): Promise<void> {
  const server = await truck.server(SEGMENT);
  if (server === null) return;
  try {
    process.kill(server, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Whether a lease is there again after the router has ended, whatever happens then. */
async function outlives(truck: ScriptTruck, meanwhile: () => Promise<void>): Promise<readonly string[]> {
  let before: string | undefined;
  const problems = await served(truck, async () => {
    before = (await truck.ask(GUESTS[1]))?.ip;
    const isKept = await becomes(() => truck.isRecorded(SEGMENT, before ?? ''));
    return [...unless(before !== undefined, 'nothing was leased'), ...unless(isKept, `${before} isn’t recorded`)];
  });
  if (problems.length > 0) return problems;
  await meanwhile();
  const router = truck.start('run');
  try {
    await becomes(async () => (await truck.server(SEGMENT)) !== null);
    // Another one that wants just this address doesn’t get it; who has it does.
    const other = await truck.ask(GUESTS[2], '-r', before ?? '');
    const again = await truck.ask(GUESTS[1]);
    return [
      ...unless(again?.ip === before, `who had ${before} is told ${again?.ip}`),
      ...unless(other !== null && other.ip !== before, `another one is told ${other?.ip}`),
    ];
  } finally {
    await router.end();
  }
}

const isFree = (address: string | undefined) => /^10\.0\.1\.1\d\d$/.test(address ?? '') && address !== '10.0.1.199';

export const SERVED_TRIALS = {
  served: {
    name: 'who asks is told an address, its gateway and its name server; whom the policy knows his own address, a stranger one that is nobody’s',
    problems: (truck) =>
      served(truck, async () => {
        const [known, stranger] = await Promise.all([truck.ask('device1'), truck.ask(GUESTS[0])]);
        const leases = await truck.leases(SEGMENT);
        return [
          ...unless(known?.ip === '10.0.1.5', `the device is told ${known?.ip}`),
          ...unless(isFree(stranger?.ip), `the stranger is told ${stranger?.ip}`),
          ...[known, stranger].flatMap((told) => [
            ...unless(told?.router === '10.0.1.3', `the gateway is ${told?.router}`),
            ...unless(told?.dns === '10.0.1.3', `the name server is ${told?.dns}`),
            ...unless(told?.domain === 'br0net.internal', `the domain is ${told?.domain}`),
            ...unless(told?.mask === '24', `the prefix length is ${told?.mask}`),
            ...unless(told?.lease === '43200', `the lease is for ${told?.lease} s`),
          ]),
          ...unless(leases.includes(' 10.0.1.5 device1 '), `the leases on disk are ${leases}`),
        ];
      }),
  },
  names: {
    name: 'a segment’s server knows the names of its own nodes and of those that a flow leads to, and no others',
    problems: (truck) =>
      served(truck, async () => {
        const answered = await becomes(async () => (await resolve(truck, 'container1', 'router')) === '10.0.1.3');
        if (!answered) return [`it isn’t heard: ${await resolve(truck, 'container1', 'router')}`];
        const wanted = {
          'device1.br0net.internal': '10.0.1.5',
          device1: '10.0.1.5',
          'container1.br0net.internal': '10.0.1.4',
          'device2.br1net.internal': '10.0.2.5',
        };
        const said = await Promise.all(
          Object.entries(wanted).map(async ([name, address]) => {
            const found = await resolve(truck, 'container1', name);
            return unless(found === address, `${name} is ${found}`);
          }),
        );
        const hidden = await resolve(truck, 'container1', 'container2.br1net.internal');
        const stranger = await truck.ask(GUESTS[3], '-x', 'hostname:impostor');
        return [
          ...said.flat(),
          ...unless(!hidden.includes('10.0.2.4'), 'it tells of another segment’s node'),
          ...unless(stranger !== null, 'the stranger is told nothing'),
          ...unless((await resolve(truck, 'container1', 'impostor')) === '', 'a stranger has the name that he wants'),
          ...unless(
            (await resolve(truck, 'container1', 'impostor.br0net.internal')) === '',
            'a stranger has the name that he wants, in the segment’s domain',
          ),
        ];
      }),
  },
  apart: {
    name: 'the server of a segment is asked by no other segment',
    problems: (truck) =>
      served(truck, async () => {
        if (!(await becomes(async () => (await resolve(truck, 'container1', 'router')) === '10.0.1.3')))
          return ['its own segment doesn’t reach it'];
        const hears = async (server: string) => {
          const said = await resolve(truck, 'container2', 'device1.br0net.internal', server);
          return unless(!said.includes('10.0.1.5'), `it answers at ${server}: ${said}`);
        };
        const byRules = await hears('10.0.1.3');
        // Not for lack of rules alone: it isn’t there.
        await truck.network.sh('router', 'nft flush ruleset');
        return [...byRules, ...(await hears('10.0.2.3'))];
      }),
  },
  forwarded: {
    name: 'names that are no node’s are asked for outside, where all of a segment may ask there',
    problems: (truck) =>
      served(truck, async () => {
        const words = ['--keep-in-foreground', '--pid-file', '--conf-file=/dev/null', '--user=root', '--no-resolv'];
        const knows = ['--no-hosts', '--address=/news.example/8.8.4.4', '--interface=eth0', '--bind-interfaces'];
        const outside = spawn('nsenter', [`--net=${truck.network.netns('internet')}`, 'dnsmasq', ...words, ...knows], {
          stdio: 'ignore',
        });
        try {
          const isTold = await becomes(async () => (await resolve(truck, 'container1', 'news.example')) === '8.8.4.4');
          return unless(isTold, `it is told ${await resolve(truck, 'container1', 'news.example')}`);
        } finally {
          outside.kill('SIGKILL');
        }
      }),
  },
  servedThough: {
    name: 'a segment is served though another one’s interface is missing',
    problems: async (truck) => {
      await truck.anew();
      await truck.network.ip('router', 'address flush dev br1net');
      await truck.configure('served');
      const router = truck.start('run');
      try {
        return unless(await becomes(async () => (await truck.server(SEGMENT)) !== null), `it says: ${router.said()}`);
      } finally {
        await router.end();
      }
    },
  },
  reborn: {
    name: 'an interface that is another one of the same name is served',
    problems: (truck) =>
      served(truck, async () => {
        await truck.rejoin(SEGMENT);
        await truck.apply();
        const told = await truck.ask('device1');
        return unless(told?.ip === '10.0.1.5', `the device is told ${told?.ip}`);
      }),
  },
  killed: {
    name: 'servers that are killed while they are asked lease no address to two, and lose no lease',
    problems: (truck) =>
      served(truck, async () => {
        const held = new Map<string, string>();
        const problems: string[] = [];
        for (let round = 0; round < 2; round++) {
          const exchanges = GUESTS.map(async (guest, index) => {
            const mac = `02:00:00:00:0${round + 1}:1${index}`;
            await truck.network.ip(guest, `link set dev eth0 address ${mac}`);
            return [mac, (await truck.ask(guest))?.ip] as const;
          });
          let ended = false;
          const all = Promise.all(exchanges).finally(() => {
            ended = true;
          });
          // Whenever one lease more is on the disk, and as soon as it is there again: the worst that its death can come at.
          let known = (await truck.leases(SEGMENT)).split('\n').length;
          await kill(truck);
          const killedAtEachLease = async () => {
            const count = (await truck.leases(SEGMENT)).split('\n').length;
            if (count > known) await kill(truck);
            known = Math.max(known, count);
            return ended;
          };
          await until('all are answered', killedAtEachLease, 90_000);
          for (const [mac, address] of await all) {
            if (address === undefined) problems.push(`${mac} was told nothing`);
            else if ([...held.values()].includes(address)) problems.push(`${address} was leased to two`);
            else held.set(mac, address);
          }
        }
        const leases = await truck.leases(SEGMENT);
        const lost = [...held].filter(([mac, address]) => !leases.includes(`${mac} ${address} `));
        return [...problems, ...lost.map(([mac, address]) => `the lease of ${address} to ${mac} is lost`)];
      }),
  },
  restarted: {
    name: 'a lease outlives the router',
    problems: (truck) => outlives(truck, async () => undefined),
  },
  cut: {
    name: 'a lease outlives a power cut that comes while leases are written',
    problems: (truck) => outlives(truck, () => truck.cutLeases(SEGMENT)),
  },
  refusedServer: {
    name: 'a server’s configuration that is refused is told, and the one before stays in force, as does all else',
    problems: (truck) =>
      served(truck, async () => {
        const before = await truck.server(SEGMENT);
        await truck.configure('served', { 'dnsmasq-br0net.conf': 'no-such-word\n' });
        const { exitCode } = await truck.apply();
        const stays = (await truck.server(SEGMENT)) === before;
        return [
          ...unless(exitCode === 1, `it ends with ${exitCode}`),
          ...unless(stays, 'the server was ended'),
          ...unless((await resolve(truck, 'container1', 'router')) === '10.0.1.3', 'the server doesn’t answer'),
          ...unless(await truck.answered('container1', '8.8.8.8'), 'the router is closed'),
        ];
      }),
  },
  changedServer: {
    name: 'a server is replaced when what it is told has changed, and only then; where nobody is served any more it ends',
    problems: (truck) =>
      served(truck, async () => {
        const before = await truck.server(SEGMENT);
        await truck.apply();
        const same = (await truck.server(SEGMENT)) === before;
        const text = CONFIGURATIONS.served.services.length;
        await truck.configure('served', {
          'dnsmasq-br0net.conf':
            'port=53\nexcept-interface=lo\nbind-dynamic\nno-hosts\nno-resolv\naddress=/news/10.0.1.9\n',
        });
        await truck.apply();
        const isNew = await becomes(async () => (await resolve(truck, 'container1', 'news')) === '10.0.1.9');
        await truck.configure('static');
        await truck.apply();
        const isGone = await becomes(async () => (await truck.server(SEGMENT)) === null);
        return [
          ...unless(text === 1, 'there is not one segment served'),
          ...unless(same, 'it was replaced by the same'),
          ...unless(isNew, 'what it is told is the old'),
          ...unless(isGone, 'it goes on where nobody is to be served'),
        ];
      }),
  },
} as const satisfies Readonly<Record<string, ServedTrial>>;
