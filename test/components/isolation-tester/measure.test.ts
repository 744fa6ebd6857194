import { readdirSync, readlinkSync } from 'node:fs';
import { run } from '../../../components/host/run.ts';
import { measure, type Vantage } from '../../../components/isolation-tester/measure.ts';
import type { Expectation, Observation, Probe } from '../../../lib/truck/expectation.ts';
import { judge } from '../../../lib/truck/judge.ts';
import { TestNetwork } from './network.ts';

/** The real kernel: a router, a segment with two nodes, one with three, and an internet that knows no way back to them. */
const ADDRESS = {
  ann: '10.91.1.10',
  bob: '10.91.1.11',
  cid: '10.91.2.10',
  dot: '10.91.2.11',
  eve: '10.91.2.12',
  internet: '203.0.113.7',
  router: '10.91.1.1',
} as const;
type Name = keyof typeof ADDRESS;
const PORT = 7000;

const ICMP: Probe = { protocol: 'icmp' };
const TCP: Probe = { protocol: 'tcp', port: PORT };
const UDP: Probe = { protocol: 'udp', port: PORT };
const ALL = [ICMP, TCP, UDP];

// On a busy machine.
jest.setTimeout(30_000);

let network: TestNetwork;
let everywhere: readonly Vantage[];

beforeAll(async () => {
  network = await TestNetwork.make({
    segments: { one: '10.91.1.1/24', two: '10.91.2.1/24', out: '203.0.113.1/24' },
    nodes: {
      ann: ['one', '10.91.1.10/24'],
      bob: ['one', '10.91.1.11/24'],
      cid: ['two', '10.91.2.10/24'],
      dot: ['two', '10.91.2.11/24'],
      eve: ['two', '10.91.2.12/24'],
      internet: ['out', '203.0.113.7/24'],
    },
  });
  await network.ip('internet', 'route delete default');
  await Promise.all((['bob', 'cid', 'internet'] as const).map((node) => network.serve(node, PORT)));
  everywhere = network.vantages('router', 'ann', 'bob', 'cid', 'dot', 'eve', 'internet');
});

afterAll(() => network?.remove());
beforeEach(() => network.rules('router'));

function expectation(from: Name, to: Name, probe: Probe, verdict: Expectation['verdict'] = 'isolated'): Expectation {
  const port = probe.protocol === 'icmp' ? '' : probe.port;
  return {
    id: `${from}>${to} ${probe.protocol}${port}`,
    from,
    to,
    address: ADDRESS[to],
    probe,
    verdict,
    because: 'a test says so',
  };
}

/** Each of the probes from one to the other, once: [did it arrive, what came back]. */
async function observe(from: Name, to: Name, probes: readonly Probe[] = ALL, vantages = everywhere) {
  const expectations = probes.map((probe) => expectation(from, to, probe));
  return (await measure(vantages, expectations, { expectReply: () => false })).map(seen);
}

const seen = ({ arrived, reply, error }: Observation) => (error === undefined ? [arrived, reply] : error);

async function verdicts(expectations: readonly Expectation[], vantages = everywhere) {
  const reachable = new Set(expectations.filter(({ verdict }) => verdict === 'reachable').map(({ id }) => id));
  const observations = await measure(vantages, expectations, {
    reprobeTimeoutMs: 300,
    expectReply: (id) => reachable.has(id),
  });
  return judge(expectations, observations).rows.map(({ outcome, observed }) => [outcome, observed]);
}

describe('what the router lets through', () => {
  test('is reached by ICMP, TCP and UDP, and answers', async () => {
    expect(await observe('ann', 'cid')).toEqual([
      [true, 'answer'],
      [true, 'answer'],
      [true, 'answer'],
    ]);
  });

  test('is refused by the target itself where nobody listens', async () => {
    expect(await observe('ann', 'dot')).toEqual([
      [true, 'answer'],
      [true, 'refused'],
      [true, 'refused'],
    ]);
  });

  test('counts from its round trip: milliseconds, not seconds', async () => {
    const [observation] = await measure(everywhere, [expectation('ann', 'cid', ICMP)], { expectReply: () => false });
    expect(observation?.roundTripMs).toBeGreaterThan(0);
    expect(observation?.roundTripMs).toBeLessThan(1000);
  });

  test('reaches the internet masqueraded', async () => {
    await network.rules(
      'router',
      'chain postrouting { type nat hook postrouting priority srcnat; oifname out masquerade; }',
    );
    expect(await observe('ann', 'internet')).toEqual([
      [true, 'answer'],
      [true, 'answer'],
      [true, 'answer'],
    ]);
  });
});

describe('what is stopped', () => {
  test('by a drop of the router neither arrives nor is answered', async () => {
    await network.forward('drop');
    expect(await observe('ann', 'cid')).toEqual([
      [false, 'none'],
      [false, 'none'],
      [false, 'none'],
    ]);
  });

  test('by an ICMP error of the router is rejected', async () => {
    await network.forward('reject with icmp type admin-prohibited');
    expect(await observe('ann', 'cid')).toEqual([
      [false, 'rejected'],
      [false, 'rejected'],
      [false, 'rejected'],
    ]);
  });

  test('by a reset in the name of the target, who never got the probe, is rejected and not refused', async () => {
    await network.forward('meta l4proto tcp reject with tcp reset', 'drop');
    expect(await observe('ann', 'cid', [TCP])).toEqual([[false, 'rejected']]);
  });

  test('at the router itself, though it reaches its interface, has not arrived', async () => {
    await network.rules('router', 'chain input { type filter hook input priority 0; iifname one drop; }');
    expect(await observe('ann', 'router')).toEqual([
      [false, 'none'],
      [false, 'none'],
      [false, 'none'],
    ]);
  });

  test('by nobody in a segment, where the router’s rules don’t reach', async () => {
    await network.forward('drop');
    expect(await observe('ann', 'bob')).toEqual([
      [true, 'answer'],
      [true, 'answer'],
      [true, 'answer'],
    ]);
  });
});

describe('two witnesses', () => {
  test('a leak whose answer is dropped is a leak: the target has heard it', async () => {
    await network.forward('iifname two drop');
    expect(await observe('ann', 'cid')).toEqual([
      [true, 'none'],
      [true, 'none'],
      [true, 'none'],
    ]);
    expect(await verdicts(ALL.map((probe) => expectation('ann', 'cid', probe)))).toEqual([
      ['breach', 'reachable'],
      ['breach', 'reachable'],
      ['breach', 'reachable'],
    ]);
  });

  test('somebody else who holds the target’s address has not been reached in its place', async () => {
    await network.ip('cid', `address delete ${ADDRESS.cid}/24 dev eth0`);
    await network.ip('dot', `address add ${ADDRESS.cid}/24 dev eth0`);
    await network.ip('router', 'neighbour flush dev two');
    try {
      expect(await observe('ann', 'cid', [ICMP, TCP])).toEqual([
        [false, 'answer'],
        [false, 'rejected'],
      ]);
      expect(await verdicts([expectation('ann', 'cid', ICMP, 'reachable')])).toEqual([['outage', 'reachable']]);
    } finally {
      await network.ip('dot', `address delete ${ADDRESS.cid}/24 dev eth0`);
      await network.ip('cid', `address add ${ADDRESS.cid}/24 dev eth0`, `route add default via 10.91.2.1`);
      await network.ip('router', 'neighbour flush dev two');
    }
  });

  test('without a vantage at the target nobody knows what arrived, only what came back', async () => {
    const vantages = network.vantages('ann');
    expect(await observe('ann', 'cid', ALL, vantages)).toEqual([
      [null, 'answer'],
      [null, 'answer'],
      [null, 'answer'],
    ]);
  });

  test('a canary hears nothing for the device in whose place it sends', async () => {
    const vantages: readonly Vantage[] = [
      ...network.vantages('ann'),
      { node: 'cid', netns: network.netns('dot'), kind: 'canary' },
    ];
    expect(await observe('ann', 'cid', [ICMP], vantages)).toEqual([[null, 'answer']]);
    expect(await observe('cid', 'ann', [ICMP], vantages)).toEqual([[true, 'answer']]);
  });
});

describe('what proves nothing', () => {
  test('the silence of a target whose interface is down: its positive control fails', async () => {
    await network.ip('eve', 'link set dev eth0 down');
    try {
      expect(await verdicts([expectation('ann', 'eve', ICMP), expectation('cid', 'eve', ICMP, 'reachable')])).toEqual([
        ['inconclusive', 'dropped'],
        ['outage', 'dropped'],
      ]);
    } finally {
      await network.ip('eve', 'link set dev eth0 up', 'route add default via 10.91.2.1');
    }
  });

  test('the silence of a node that is gone, and the probes that it could not send', async () => {
    const vantages: readonly Vantage[] = [
      ...network.vantages('ann', 'router'),
      { node: 'eve', netns: '/run/netns/fbt-nobody', kind: 'agent' },
    ];
    await network.forward('drop');
    expect(await verdicts([expectation('ann', 'eve', ICMP), expectation('eve', 'ann', ICMP)], vantages)).toEqual([
      ['inconclusive', 'dropped'],
      ['inconclusive', 'probe-failed'],
    ]);
  });

  test('a source without a route', async () => {
    for (const error of await observe('internet', 'cid')) expect(error).toMatch(/ENETUNREACH: no route/);
    expect(await verdicts([expectation('internet', 'cid', ICMP)])).toEqual([['inconclusive', 'probe-failed']]);
  });

  test('a source whose own rules keep it from sending', async () => {
    await network.rules('bob', 'chain output { type filter hook output priority 0; policy drop; }');
    try {
      for (const error of await observe('bob', 'cid', [ICMP, UDP])) expect(error).toMatch(/EPERM/);
    } finally {
      await network.rules('bob');
    }
  });

  test('a source from which nobody measures', async () => {
    expect(await observe('ann', 'cid', [ICMP], network.vantages('cid'))).toEqual(['nothing measures from ann']);
  });
});

describe('what comes late', () => {
  /** The way to the second segment carries a short packet in 0.1 s. */
  const slow = () => network.sh('router', 'tc qdisc add dev two root tbf rate 4kbit burst 80 latency 5s');
  const fast = () => network.sh('router', 'tc qdisc delete dev two root');
  const first: Probe = { protocol: 'udp', port: 9 };

  beforeEach(async () => {
    // Neighbours are known, so that only probes are slow.
    await observe('ann', 'cid');
    await slow();
  });
  afterEach(fast);

  test('from an earlier measurement does not count for the next one', async () => {
    await network.rules(
      'cid',
      'chain input { type filter hook input priority 0; meta l4proto { tcp, udp, icmp } counter; }',
    );
    const probes = [first, ...ALL].map((probe) => expectation('ann', 'cid', probe));
    await measure(everywhere, probes, { timeoutMs: 1, expectReply: () => false });
    await network.forward('iifname one drop');
    // The last of the first four arrives after 0.4 s.
    const observations = await measure(everywhere, probes, { timeoutMs: 800, expectReply: () => false });
    expect(observations.map(seen)).toEqual(Array(4).fill([false, 'none']));
    expect(await network.sh('cid', 'nft list table inet t')).toMatch(/packets [4-9] /);
    await network.rules('cid');
  });

  test('counts while it is waited for, even if this process was busy all the time', async () => {
    const measuring = measure(
      everywhere,
      [first, ICMP].map((probe) => expectation('ann', 'cid', probe)),
      {
        expectReply: () => false,
      },
    );
    setImmediate(() => {
      const end = performance.now() + 500;
      while (performance.now() < end);
    });
    expect((await measuring).map(seen)).toEqual([
      [true, 'refused'],
      [true, 'answer'],
    ]);
  });
});

describe('a second look', () => {
  test('is taken at what should answer and does not, and finds what has come back', async () => {
    await network.forward('drop');
    const measuring = measure(everywhere, [expectation('ann', 'cid', ICMP)], {
      timeoutMs: 100,
      expectReply: () => true,
    });
    await network.rules('router');
    expect((await measuring).map(seen)).toEqual([[true, 'answer']]);
  });

  test('is not taken at what should be silent', async () => {
    await network.rules(
      'cid',
      'chain input { type filter hook input priority 0; icmp type echo-request counter drop; }',
    );
    try {
      await observe('ann', 'cid', [ICMP]);
      expect(await network.sh('cid', 'nft list table inet t')).toContain('packets 1 ');
    } finally {
      await network.rules('cid');
    }
  });
});

test('every pair of thirty nodes is measured, each with its own answer', async () => {
  const names = Array.from({ length: 30 }, (_, index) => `n${index}`);
  const address = (index: number) => `10.92.0.${index + 10}`;
  const many = await TestNetwork.make({
    segments: { wide: '10.92.0.1/24' },
    nodes: Object.fromEntries(names.map((name, index) => [name, ['wide', `${address(index)}/24`] as const])),
  });
  try {
    const probes = names.flatMap((from) =>
      names.flatMap((to, index) =>
        from === to
          ? []
          : ALL.map((probe) => ({ id: `${from}>${to} ${probe.protocol}`, from, to, address: address(index), probe })),
      ),
    );
    const observations = await measure(many.vantages(...names), probes, { expectReply: () => true });
    expect(observations.filter(({ arrived, reply }) => !(arrived && reply !== 'none'))).toEqual([]);
    expect(observations.map(({ id }) => id)).toEqual(probes.map(({ id }) => id));
  } finally {
    await many.remove();
  }
});

test('more probes than there are source ports are measured one after the other', async () => {
  const probes = Array.from({ length: 12_500 }, (_, index) => ({
    id: `${index}`,
    from: 'ann',
    to: 'cid',
    address: ADDRESS.cid,
    probe: UDP,
  }));
  const observations = await measure(everywhere, probes, { expectReply: () => false });
  expect(observations.filter((observation) => observation.arrived !== true)).toEqual([]);
});

describe('the process that measures', () => {
  const home = () => readlinkSync('/proc/thread-self/ns/net');
  const open = () =>
    readdirSync('/proc/self/fd').flatMap((fd) => {
      try {
        return [readlinkSync(`/proc/self/fd/${fd}`)];
      } catch {
        // The directory itself, closed again.
        return [];
      }
    });
  const sockets = () =>
    open()
      .filter((target) => /^(socket|net):/.test(target))
      .sort();

  test('is back in its own namespace, with no socket and no namespace left open', async () => {
    const [before, socketsBefore] = [home(), sockets()];
    await network.forward('drop');
    await observe('ann', 'cid');
    await observe('internet', 'cid');
    await observe('ann', 'eve', ALL, [...everywhere, { node: 'gone', netns: '/run/netns/fbt-nobody', kind: 'agent' }]);
    expect(home()).toBe(before);
    expect(sockets()).toEqual(socketsBefore);
  });

  test('is not bothered by signals, such as those of its children that end', async () => {
    await network.forward('drop');
    const children = Array.from({ length: 15 }, (_, index) => run(['sleep', `${0.02 * index}`]));
    expect(await observe('ann', 'cid', [ICMP])).toEqual([[false, 'none']]);
    await Promise.all(children);
  });
});
