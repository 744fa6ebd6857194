import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { run } from '../../../components/host/run.ts';
import { compiled, example } from '../../lib/truck/support.ts';
import { TestNetwork } from '../isolation-tester/network.ts';

/**
 * Each layer alone, on the real kernel, loaded again and again while twenty datagrams a millisecond want through: what a ruleset denies by a set of
 * subnets passes in some swaps, because the set is empty for a moment.
 */
const { hostRuleset, edgeRuleset, router } = compiled(example('article.yaml'));
const PORT = 7000;
const SWAPS = 150;
/** A provider's own network, which is no internet, and an address in the internet. */
const [PROVIDER, INTERNET] = ['10.99.0.1', '203.0.113.9'];

jest.setTimeout(60_000);

let network: TestNetwork;
beforeAll(async () => {
  network = await TestNetwork.make({
    segments: { br0: '10.0.1.3/24', br1: '10.0.2.3/24', out: '192.168.50.2/24', 'fb-host': '198.19.0.1/30' },
    nodes: {
      container1: ['br0', '10.0.1.4/24'],
      device1: ['br0', '10.0.1.5/24'],
      container2: ['br1', '10.0.2.4/24'],
      internet: ['out', '192.168.50.1/24'],
    },
  });
  await network.ip('router', 'link set dev out group 5000', 'link set dev fb-host group 4999');
  await network.ip('router', 'route add default via 192.168.50.1');
  await network.ip('internet', ...[PROVIDER, INTERNET].map((address) => `address add ${address}/32 dev lo`));
  await network.ip('switch', 'address add 198.19.0.2/30 dev fb-host', 'route add default via 198.19.0.1');
  for (const place of ['container2', 'device1', 'internet'])
    await network.rules(
      place,
      `chain heard { type filter hook prerouting priority -500; udp dport ${PORT} counter; ip daddr ${PROVIDER} counter; }`,
    );
});
afterAll(() => network?.remove());

interface Flooded {
  readonly from: string;
  readonly forbidden: readonly [place: string, address: string];
  readonly allowed: readonly [place: string, address: string];
}

test.each<readonly [string, string, string, Flooded]>([
  [
    'the edge lets nothing from one segment into the other',
    'switch',
    edgeRuleset.text,
    { from: 'container1', forbidden: ['container2', '10.0.2.4'], allowed: ['device1', '10.0.1.5'] },
  ],
  [
    'nor to what is no internet',
    'switch',
    edgeRuleset.text,
    { from: 'container1', forbidden: ['internet', PROVIDER], allowed: ['device1', '10.0.1.5'] },
  ],
  [
    'nor does the router',
    'router',
    router.configuration.ruleset.text,
    { from: 'container1', forbidden: ['internet', PROVIDER], allowed: ['internet', INTERNET] },
  ],
  [
    'and the host sends nothing there',
    'switch',
    hostRuleset.text,
    { from: 'switch', forbidden: ['internet', PROVIDER], allowed: ['internet', INTERNET] },
  ],
])('while it is loaded again, %s', async (_what, place, ruleset, { from, forbidden, allowed }) => {
  const netns = network.netns(place);
  await network.sh(place, 'nft flush ruleset');
  const load = () => run(['nft', '-f', '-'], { netns, input: ruleset });
  await load();
  const [before, passed] = [await heard(forbidden[0]), await heard(allowed[0])];
  const flood = spawn('nsenter', [
    ...[`--net=${network.netns(from)}`, process.execPath, '-e', FLOOD, `${PORT}`],
    ...[forbidden[1], allowed[1]],
  ]);
  try {
    // Its first word: it has begun.
    await createInterface(flood.stdout)[Symbol.asyncIterator]().next();
    for (let swap = 0; swap < SWAPS; swap++) await load();
    const now = await heard(allowed[0]);
    expect(now.all - passed.all).toBeGreaterThan(SWAPS);
  } finally {
    flood.kill('SIGKILL');
  }
  const after = await heard(forbidden[0]);
  const isShared = forbidden[0] === allowed[0];
  expect(isShared ? after.toProvider - before.toProvider : after.all - before.all).toBe(0);
  await network.sh(place, 'nft flush ruleset');
});

/** Datagrams that arrived in a place so far. */
async function heard(place: string): Promise<{ readonly all: number; readonly toProvider: number }> {
  const listing = await network.sh(place, 'nft list chain inet t heard');
  const [all = 0, toProvider = 0] = [...listing.matchAll(/packets (\d+)/g)].map(([, packets]) => Number(packets));
  return { all, toProvider };
}

const FLOOD = `
  const [, port, ...addresses] = process.argv;
  const socket = require('node:dgram').createSocket('udp4');
  const nothing = () => undefined;
  socket.bind(0, () => {
    console.log('begun');
    const burst = () => {
      for (let i = 0; i < 10; i++) for (const address of addresses) socket.send('x', Number(port), address, nothing);
      setTimeout(burst, 1);
    };
    burst();
  });
`;
