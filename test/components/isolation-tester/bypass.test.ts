import { readdirSync, readlinkSync } from 'node:fs';
import { type Docker, DockerError } from '../../../components/host/docker.ts';
import { type BypassTest, testBypasses, tryBypasses } from '../../../components/isolation-tester/bypass-test.ts';
import { keepingDrops, readDrops } from '../../../components/isolation-tester/drops.ts';
import { BYPASSES, type BypassKind } from '../../../lib/truck/bypass.ts';
import { bypassTable } from '../../../lib/truck/judge-bypasses.ts';
import { example } from '../../lib/truck/support.ts';
import { besides, CarelessTruck, LAYERS, type Layer } from './careless-truck.ts';
import { POLICIES, type PolicyName } from './layer-trial.ts';
import { LAYER_TRIALS } from './trials.ts';

// On a busy machine.
jest.setTimeout(60_000);

const ARTICLE = example('article.yaml');
let truck: CarelessTruck;
beforeAll(async () => {
  truck = await CarelessTruck.make(ARTICLE);
});
afterAll(() => truck?.remove());

const trialsOf = (policy: PolicyName) =>
  LAYER_TRIALS.filter(({ policies }) => policies.includes(policy)).map((trial) => [trial.name, trial] as const);

test.each(trialsOf('article.yaml'))('%s', async (_name, trial) => {
  expect(await trial.problems(truck)).toEqual([]);
});

/** Of double-tagged frames only the lab shows that they are: there VLANs are real. */
test.each((Object.keys(BYPASSES) as BypassKind[]).filter((kind) => kind !== 'double-tagged frames'))(
  '%s is open on a truck that has no rules',
  async (kind) => {
    expect(bypassTable(await truck.attemptsWith(kind, [])).verdict).toBe('open');
  },
);

/** Either layer alone leaves something open, so each is needed. */
test.each<readonly [BypassKind, Layer]>([
  ['ARP for addresses elsewhere', 'edge'],
  ['ARP for addresses elsewhere', 'sysctls'],
  ['ARP for addresses elsewhere', 'routerSysctls'],
  ['the uplink’s own network', 'host'],
  ['the uplink’s own network', 'router'],
  ['IPv6', 'host'],
  ['IPv6', 'router'],
  ['broadcast and multicast', 'router'],
])('%s is not closed by %s alone', async (kind, layer) => {
  expect(bypassTable(await truck.attemptsWith(kind, [layer])).verdict).toBe('open');
});

describe.each(['station.yaml', 'public addresses', 'flows with terms'] as const)('on another truck: %s', (name) => {
  let other: CarelessTruck;
  beforeAll(async () => {
    other = await CarelessTruck.make(POLICIES[name]());
  });
  afterAll(() => other?.remove());

  test.each(trialsOf(name))('%s', async (_name, trial) => {
    expect(await trial.problems(other)).toEqual([]);
  });
});

test('with all countermeasures in place every kind is closed', async () => {
  await truck.holds(...LAYERS);
  const rows = await truck.attempts();
  expect(besides(rows, 'closed')).toEqual([]);
  expect(bypassTable(rows).kinds.map(({ kind }) => kind)).toEqual(Object.keys(BYPASSES));
});

describe('silence that proves nothing is inconclusive:', () => {
  const kind = 'another segment through the host';
  beforeAll(() => truck.holds(...LAYERS));

  test('of a sender whose link is down', async () => {
    await truck.network.ip('container1', 'link set dev eth0 down');
    try {
      const rows = await truck.attempts(kind);
      const own = rows.filter(({ attempt }) => attempt.from === 'container1');
      expect(own.length).toBeGreaterThan(0);
      expect(besides(own, 'inconclusive')).toEqual([]);
    } finally {
      await truck.network.ip('container1', 'link set dev eth0 up', 'route replace default via 10.0.1.3');
      await truck.plugged();
    }
  });

  test('of a sender whose frames nobody got', async () => {
    await truck.network.ip('switch', 'link set dev n-container1 nomaster');
    try {
      const own = (await truck.attempts(kind)).filter(({ attempt }) => attempt.from === 'container1');
      expect(own.map(({ reason }) => reason)).toEqual(
        own.map(() => 'no plain ipv4 frame of container1 was heard either'),
      );
    } finally {
      await truck.network.ip('switch', 'link set dev n-container1 master br0');
      await truck.plugged();
    }
  });

  test('of a sender that is gone', async () => {
    const { rows } = await tryBypasses({
      ...{ policy: ARTICLE, truck: truck.network.netns('switch'), disturb: false, kinds: [kind] },
      vantages: [
        ...truck.vantages(),
        { node: 'container1', netns: '/run/netns/fbt-nobody', kind: 'container' as const },
      ].filter(({ node, netns }) => node !== 'container1' || netns.endsWith('nobody')),
    });
    const own = rows.filter(({ attempt }) => attempt.from === 'container1');
    expect(own.map(({ reason }) => reason)).toEqual(own.map(() => 'nothing can be sent from container1'));
    expect(bypassTable(rows).verdict).toBe('inconclusive');
  });

  test('where nobody gets out, of the uplink', async () => {
    await truck.network.ip('router', 'route delete default');
    try {
      const { rows } = await tryBypasses({
        ...{ policy: ARTICLE, truck: truck.network.netns('switch'), disturb: false },
        kinds: ['the internet past the router'],
        vantages: truck.vantages().filter(({ node }) => node !== 'internet'),
      });
      expect(rows.map(({ reason }) => reason)).toEqual(rows.map(() => 'nobody was listening outside'));
    } finally {
      await truck.network.ip('router', 'route add default via 192.168.50.1');
    }
  });
});

test('a leak is seen at a device that runs nothing of ours, on the wire towards it', async () => {
  await truck.holds();
  const { rows } = await tryBypasses({
    ...{ policy: ARTICLE, truck: truck.network.netns('switch'), disturb: false },
    kinds: ['another segment through the host'],
    vantages: truck.vantages().filter(({ node }) => node !== 'device2'),
  });
  const towards = rows.filter(({ attempt }) => attempt.id.includes('container1>10.0.2.5'));
  expect(towards.map(({ reason }) => reason)).toEqual(towards.map(() => 'it arrived at br1, enp2s0.2'));
});

describe('devices without an agent are stood in for by canaries:', () => {
  const nobodyRuns = {
    get: () => Promise.reject(new DockerError(404, 'GET', '/containers/x/json', 'No such container')),
  } as unknown as Docker;
  const measure = () =>
    testBypasses({
      ...{ policy: ARTICLE, docker: nobodyRuns, disturb: false, truck: truck.network.netns('switch') },
      agents: { internet: truck.network.netns('internet') },
    });
  const across = ({ rows }: BypassTest, from: string) =>
    rows.filter(({ attempt }) => attempt.from === from && attempt.kind === 'another segment through the host');

  test('these find what is open', async () => {
    await truck.holds();
    const test = await measure();
    expect(test.vantages.filter(({ kind }) => kind === 'canary').map(({ node }) => node)).toEqual([
      'device1',
      'device2',
    ]);
    expect(new Set(across(test, 'device1').map(({ verdict }) => verdict))).toEqual(new Set(['open']));
  });

  test('and that it is closed; of who does not run nothing is known', async () => {
    await truck.holds(...LAYERS);
    const test = await measure();
    expect(besides(across(test, 'device1'), 'closed')).toEqual([]);
    expect(besides(across(test, 'container1'), 'inconclusive')).toEqual([]);
    expect(test.verdict).toBe('inconclusive');
    expect(test.untried.map(({ kind }) => kind)).toEqual(['the router’s address taken']);
  });
});

test('nobody is disturbed, unless asked for', async () => {
  const { rows } = await tryBypasses({
    ...{ policy: ARTICLE, truck: truck.network.netns('switch'), disturb: false, vantages: truck.vantages() },
    kinds: ['the router’s address taken', 'IPv6'],
  });
  expect(new Set(rows.map(({ attempt }) => attempt.kind))).toEqual(new Set(['IPv6']));
});

test('after somebody claimed the router’s address its nodes speak to the router again', async () => {
  await truck.holds();
  await truck.network.sh('device1', 'ping -c1 -W2 10.0.1.3');
  const neighbour = () => truck.network.sh('device1', 'ip neigh show 10.0.1.3');
  const before = /lladdr (\S+)/.exec(await neighbour())?.[1];
  await truck.attempts('the router’s address taken');
  expect(/lladdr (\S+)/.exec(await neighbour())?.[1]).toBe(before);
});

describe('a measurement’s own probes', () => {
  const places = () => ({ host: truck.network.netns('switch'), router: truck.network.netns('router') });
  const aim = { destination: '10.0.2.5', protocol: 'udp', port: 4711 };
  const send = () => truck.network.sh('container1', `bash -c 'echo > /dev/udp/${aim.destination}/${aim.port}'`);
  const counted = async () => (await readDrops(places())).filter(({ port }) => port === aim.port);

  test('are not among what is dropped afterwards; what was counted before is', async () => {
    await truck.holds('router');
    await keepingDrops(places(), [aim], send);
    expect(await counted()).toEqual([]);
    await send();
    const before = await counted();
    expect(before).toEqual([expect.objectContaining({ source: '10.0.1.4', ...aim, packets: 1 })]);
    await keepingDrops(places(), [aim], send);
    expect(await counted()).toEqual(before);
  });

  test('are counted where somebody else is their target', async () => {
    await truck.holds('router');
    const [{ packets = 0 } = {}] = await counted();
    await keepingDrops(places(), [{ ...aim, port: 4712 }], send);
    expect(await counted()).toEqual([expect.objectContaining({ packets: packets + 1 })]);
  });

  test('may be forgotten with a ruleset that is gone: that hurts nobody', async () => {
    await truck.holds('router');
    await keepingDrops(places(), [aim], async () => {
      await send();
      await truck.holds();
    });
    expect(await counted()).toEqual([]);
  });

  test('leave no trace of all ways round the isolation', async () => {
    await truck.holds(...LAYERS);
    for (const kind of ['the router’s other addresses', 'inbound from the uplink', 'the uplink’s own network'] as const)
      await truck.attempts(kind);
    expect((await readDrops(places())).filter(({ port }) => port !== aim.port)).toEqual([]);
  });
});

test('no socket and no namespace is left open', async () => {
  const open = () =>
    readdirSync('/proc/self/fd')
      .flatMap((fd) => {
        try {
          return [readlinkSync(`/proc/self/fd/${fd}`)];
        } catch {
          // The directory itself, closed again.
          return [];
        }
      })
      .filter((target) => /^(socket|net):/.test(target))
      .sort();
  const before = open();
  await truck.attempts('IPv6');
  expect(open()).toEqual(before);
});
