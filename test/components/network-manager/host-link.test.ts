import { CommandError, run } from '../../../components/host/run.ts';
import { measure } from '../../../components/isolation-tester/measure.ts';
import { monitorLinks } from '../../../components/network-manager/events.ts';
import { addHostRoute, observeHostRoutes, removeHostRoute } from '../../../components/network-manager/host-route.ts';
import type { TruckNetwork } from '../../../lib/truck/network.ts';
import { compiled, example } from '../../lib/truck/support.ts';
import { until } from '../host/until.ts';
import { TestNetwork } from '../isolation-tester/network.ts';

/** The real kernel: the host is the place `switch`, with its bridges; the router's interface on each is called like it. */
const TRUCK = compiled(example('article.yaml'));
const [HOST, ROUTER] = ['198.19.0.2', '198.19.0.1'];
const INTERNET = '8.8.8.8';
const { hostLink } = TRUCK;
if (hostLink === undefined) throw new Error('the article has a host link');
const { route } = hostLink;

jest.setTimeout(60_000);

let network: TestNetwork;

beforeAll(async () => {
  network = await TestNetwork.make({
    segments: {
      br0: '10.0.1.3/24',
      br1: '10.0.2.3/24',
      out: '192.168.50.2/24',
      'fb-host': `${ROUTER}/30`,
      vendors: '172.30.0.9/24',
    },
    nodes: {
      container1: ['br0', '10.0.1.4/24'],
      container2: ['br1', '10.0.2.4/24'],
      internet: ['out', '192.168.50.1/24'],
      stranger: ['fb-host', `${HOST}/30`],
      vendor: ['vendors', '172.30.0.5/24'],
    },
  });
  await network.ip(
    'router',
    'link set dev out group 5000',
    'link set dev fb-host group 4999',
    'link set dev vendors down',
  );
  await network.ip('router', 'route add default via 192.168.50.1');
  await network.ip('internet', 'route replace default via 192.168.50.2', `address add ${INTERNET}/32 dev lo`);
  await network.ip(
    'switch',
    'link set dev lo up',
    `address add ${HOST}/30 dev fb-host`,
    'address add 172.30.0.1/24 dev vendors',
  );
  await network.ip('vendor', 'route replace default via 172.30.0.1');
  await network.sh(
    'switch',
    'echo 1 > /proc/sys/net/ipv4/ip_forward; echo 0 | tee /proc/sys/net/ipv4/conf/*/rp_filter > /dev/null',
  );
  await addHostRoute(route, network.netns('switch'));
});
afterAll(() => network?.remove());

type Layer = 'host' | 'edge' | 'router';
const ALL: readonly Layer[] = ['host', 'edge', 'router'];

/** These layers hold, and no other. */
async function hold(
  layers: readonly Layer[],
  { hostRuleset, edgeRuleset, router }: TruckNetwork = TRUCK,
): Promise<void> {
  const rulesets = {
    host: ['switch', hostRuleset.text],
    edge: ['switch', edgeRuleset.text],
    router: ['router', router.configuration.ruleset.text],
  } as const;
  for (const place of ['switch', 'router']) {
    const own = layers.map((layer) => rulesets[layer]).flatMap(([where, text]) => (where === place ? [text] : []));
    await run(['nft', '-f', '-'], { netns: network.netns(place), input: ['flush ruleset', ...own].join('\n') });
  }
}

/** Is a ping answered? */
async function answered(from: string, to: string): Promise<boolean> {
  try {
    await run(['ping', '-c1', '-W1', to], { netns: network.netns(from) });
    return true;
  } catch (error) {
    if (error instanceof CommandError) return false;
    throw error;
  }
}

describe('the host reaches the internet', () => {
  test('through the router, which takes its place there', async () => {
    await hold(ALL);
    expect(await answered('switch', INTERNET)).toBe(true);
    expect(await network.sh('router', 'nft list chain inet firebreak uplink_nat')).toContain('198.19.0.0/30');
  });

  test('not where the policy gives it no host link', async () => {
    const { hostLink: _none, ...policy } = example('article.yaml');
    await hold(['router'], compiled(policy));
    expect(await answered('switch', INTERNET)).toBe(false);
  });

  test('and may ask the router whether it is there', async () => {
    await hold(ALL);
    expect(await answered('switch', ROUTER)).toBe(true);
  });
});

describe.each<readonly [string, string, string, readonly Layer[]]>([
  ['the host', 'switch', '192.168.50.1', ['host', 'router']],
  ['the host', 'switch', '10.0.1.4', ['host', 'router']],
  ['a node', 'container1', HOST, ALL],
  ['a node', 'container1', ROUTER, ['edge', 'router']],
  ['the internet', 'internet', HOST, ['host', 'router']],
  ['the internet', 'internet', ROUTER, ['router']],
])('from %s (%s) to %s', (_who, from, to, layers) => {
  test('there is a way on a truck without rules', async () => {
    await hold([]);
    expect(await answered(from, to)).toBe(true);
  });

  test.each(layers)('there is none past %s alone', async (layer) => {
    await hold([layer]);
    expect(await answered(from, to)).toBe(false);
  });
});

test('nobody in the uplink’s network speaks to the host’s end past the router, by an interface that the host has there', async () => {
  await network.ip('switch', 'address add 192.168.50.9/24 dev out');
  await network.ip('internet', `route add ${HOST} via 192.168.50.9`);
  try {
    await hold([]);
    expect(await answered('internet', HOST)).toBe(true);
    await hold(['host']);
    expect(await answered('internet', HOST)).toBe(false);
    expect(await answered('switch', HOST)).toBe(true);
  } finally {
    await network.ip('switch', 'address delete 192.168.50.9/24 dev out');
    await network.ip('internet', `route delete ${HOST}`);
  }
});

test('what a container of somebody else’s sends through the host does not get out by the host link', async () => {
  const masquerade =
    'table ip docker { chain post { type nat hook postrouting priority 100; ip saddr 172.30.0.0/24 masquerade; }; }';
  const careless = () => run(['nft', '-f', '-'], { netns: network.netns('switch'), input: masquerade });
  await hold(['router']);
  await careless();
  expect(await answered('vendor', INTERNET)).toBe(true);
  await hold(['router', 'host']);
  await careless();
  expect(await answered('vendor', INTERNET)).toBe(false);
  expect(await answered('switch', INTERNET)).toBe(true);
});

test('who gets onto the host link does not pass for the host', async () => {
  const passes = async () => {
    const [observation] = await measure(
      network.vantages('stranger', 'internet'),
      [
        {
          ...{ id: 'stranger>internet', from: 'stranger', to: 'internet', address: INTERNET },
          ...{ probe: { protocol: 'icmp' }, verdict: 'isolated', because: 'a test says so' },
        },
      ],
      { expectReply: () => false },
    );
    return observation?.arrived;
  };
  await hold(['router']);
  expect(await passes()).toBe(true);
  await hold(['router', 'edge']);
  expect(await passes()).toBe(false);
});

describe('the host’s route', () => {
  const netns = () => network.netns('switch');
  const observed = () => observeHostRoutes(netns());
  afterEach(() => addHostRoute(route, netns()));

  test('is known as ours, however often it is added and removed', async () => {
    await addHostRoute(route, netns());
    expect(await observed()).toEqual([{ ...route, owned: true }]);
    await removeHostRoute(route, netns());
    await removeHostRoute(route, netns());
    expect(await observed()).toEqual([]);
  });

  test('is the last resort: a host with a default route of its own keeps to that', async () => {
    const wayOf = () => network.sh('switch', `ip -4 route get ${INTERNET}`);
    expect(await wayOf()).toContain('dev fb-host');
    await network.ip('switch', 'route add default via 172.30.0.5 metric 1024');
    try {
      expect(await wayOf()).toContain('dev vendors');
      expect(await observed()).toEqual([{ ...route, owned: true }]);
    } finally {
      await network.ip('switch', 'route delete default metric 1024');
    }
  });

  test('somebody else’s of the same metric is seen, and known as his', async () => {
    await removeHostRoute(route, netns());
    await network.ip('switch', `route add default via 172.30.0.5 metric ${route.metric}`);
    try {
      expect(await observed()).toEqual([expect.objectContaining({ link: 'vendors', owned: false })]);
      await removeHostRoute(route, netns());
      expect(await observed()).toHaveLength(1);
    } finally {
      await network.ip('switch', `route delete default metric ${route.metric}`);
    }
  });

  test('goes with the address that it stands on, and is noticed; other routes are not', async () => {
    const stop = new AbortController();
    const [began, noticed] = [jest.fn(), jest.fn()];
    const ended = monitorLinks({ began, noticed }, { netns: netns(), signal: stop.signal });
    try {
      await until('the monitor began', () => began.mock.calls.length === 1);
      await network.ip('switch', 'route add 203.0.113.0/24 via 172.30.0.5', 'route delete 203.0.113.0/24');
      await removeHostRoute(route, netns());
      await until('the route', () => noticed.mock.calls.length > 0);
      expect(noticed).toHaveBeenCalledTimes(1);
      await addHostRoute(route, netns());
      await network.ip('switch', `address delete ${HOST}/30 dev fb-host`);
      await until('the address', () => noticed.mock.calls.length >= 3);
      expect(await observed()).toEqual([]);
    } finally {
      await network.ip('switch', `address replace ${HOST}/30 dev fb-host`);
      stop.abort();
      await ended;
    }
  });
});
