import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { on, once } from 'node:events';
import { createInterface } from 'node:readline';
import { run } from '../../../components/host/run.ts';
import type { Flow, Policy } from '../../../lib/policy/index.ts';
import { compiled, example } from '../../lib/truck/support.ts';
import { TestNetwork } from '../isolation-tester/network.ts';

/** Conversations through the router, on the real kernel, while its ruleset changes. */
jest.setTimeout(30_000);

const PORT = 7000;
const flow = (name: string, from: string, to: string): Flow => ({
  ...{ name, from, to, protocol: 'udp' },
  ports: [{ from: PORT, to: PORT }],
});
const THERE = flow('there', 'container1', 'container2');
const BACK = flow('back', 'device2', 'device1');
const article = example('article.yaml');
const withFlows = (...flows: readonly Flow[]): Policy => ({ ...article, flows });

let network: TestNetwork;
const talks: { end(): void }[] = [];

beforeAll(async () => {
  network = await TestNetwork.make({
    segments: { br0: '10.0.1.3/24', br1: '10.0.2.3/24', out: '8.8.8.1/24' },
    nodes: {
      container1: ['br0', '10.0.1.4/24'],
      device1: ['br0', '10.0.1.5/24'],
      container2: ['br1', '10.0.2.4/24'],
      device2: ['br1', '10.0.2.5/24'],
      internet: ['out', '8.8.8.8/24'],
    },
  });
  await network.ip('router', 'link set dev out group 5000');
  await network.ip('internet', 'route delete default');
  await Promise.all(['container2', 'device1', 'internet'].map((node) => network.serve(node, PORT)));
});
afterEach(() => {
  for (const talk of talks.splice(0)) talk.end();
});
afterAll(() => network?.remove());

const load = (policy: Policy) =>
  run(['nft', '-f', '-'], {
    netns: network.netns('router'),
    input: compiled(policy).router.configuration.ruleset.text,
  });

/** One UDP conversation: a datagram each millisecond from one port, each of which is answered. */
class Talk {
  readonly #client: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string[]>;

  constructor(from: string, to: string, how: 'always' | 'once' = 'always') {
    this.#client = spawn('nsenter', [
      `--net=${network.netns(from)}`,
      process.execPath,
      '-e',
      CLIENT,
      to,
      `${PORT}`,
      how,
    ]);
    this.#lines = on(createInterface(this.#client.stdout), 'line');
    talks.push(this);
  }

  /** Datagrams sent and answered so far. */
  async counts(): Promise<{ readonly sent: number; readonly answered: number }> {
    this.#client.stdin.write('\n');
    const { value } = await this.#lines.next();
    return JSON.parse(String(value?.[0]));
  }

  /** Waits until so many more were sent; how many more were answered. */
  async answeredOf(more: number): Promise<number> {
    const before = await this.counts();
    for (;;) {
      const now = await this.counts();
      if (now.sent - before.sent >= more) return now.answered - before.answered;
    }
  }

  async begun(): Promise<this> {
    while ((await this.counts()).answered === 0);
    return this;
  }

  /** Stops sending, and when what is on its way has come back, says how many were never answered. */
  async lost(): Promise<number> {
    this.#client.stdin.write('stop\n');
    const { value } = await this.#lines.next();
    const { sent, answered } = JSON.parse(String(value?.[0]));
    return sent - answered;
  }

  end(): void {
    this.#client.kill('SIGKILL');
  }
}

const CLIENT = `
  const [, address, port, how] = process.argv;
  const socket = require('node:dgram').createSocket('udp4');
  let sent = 0, answered = 0;
  const say = () => console.log(JSON.stringify({ sent, answered }));
  socket.on('message', () => answered++);
  socket.bind(5555, () => {
    const talk = () => { socket.send('x', Number(port), address); sent++; };
    talk();
    const timer = how === 'once' ? undefined : setInterval(talk, 1);
    require('node:readline').createInterface(process.stdin).on('line', (line) => {
      if (line !== 'stop') return say();
      clearInterval(timer);
      const deadline = Date.now() + 1000;
      const settle = () => (answered >= sent || Date.now() > deadline ? say() : setTimeout(settle, 5));
      settle();
    });
  });
`;

test('a revoked flow ends, with the conversation that it had opened', async () => {
  await load(withFlows(THERE, BACK));
  const revoked = await new Talk('container1', '10.0.2.4').begun();
  const staying = await new Talk('device2', '10.0.1.5').begun();
  await load(withFlows(BACK));
  expect(await revoked.answeredOf(50)).toBeLessThanOrEqual(1);
  expect(await staying.answeredOf(50)).toBeGreaterThan(40);
  await load(withFlows(THERE, BACK));
  await revoked.begun();
  expect(await revoked.answeredOf(50)).toBeGreaterThan(40);
});

test('a conversation that no change concerns loses nothing in thirty changes', async () => {
  await load(withFlows(BACK));
  const staying = await new Talk('device2', '10.0.1.5').begun();
  const online = await new Talk('container1', '8.8.8.8').begun();
  for (let round = 0; round < 15; round++) {
    await load(withFlows(THERE, BACK));
    await load(withFlows(BACK));
  }
  expect(await staying.lost()).toBe(0);
  expect(await online.lost()).toBe(0);
});

test('a segment that loses its internet loses its conversations with it', async () => {
  await load(article);
  const online = await new Talk('container1', '8.8.8.8').begun();
  await load({ ...article, segments: article.segments.map((segment) => ({ ...segment, internet: false })) });
  expect(await online.answeredOf(50)).toBeLessThanOrEqual(1);
});

test('what somebody let in by a rule of his own is out again when the ruleset is loaded', async () => {
  await load(article);
  await run(['nft', 'insert', 'rule', 'inet', 'firebreak', 'forward', 'accept'], { netns: network.netns('router') });
  const intruder = await new Talk('container1', '10.0.2.4').begun();
  await load(article);
  expect(await intruder.answeredOf(50)).toBeLessThanOrEqual(1);
});

test('a conversation whose segment has lost its route doesn’t go out by the uplink instead', async () => {
  await load(withFlows(THERE));
  await network.ip('router', 'route add default via 8.8.8.8');
  const cut = await new Talk('container1', '10.0.2.4').begun();
  await network.sh(
    'internet',
    'nft add table inet t; nft add chain inet t c "{ type filter hook prerouting priority 0; }"',
  );
  await network.sh('internet', 'nft add rule inet t c ip daddr 10.0.2.4 counter');
  await network.ip('router', 'address delete 10.0.2.3/24 dev br1');
  try {
    expect(await cut.answeredOf(50)).toBeLessThanOrEqual(1);
    expect(await network.sh('internet', 'nft list chain inet t c')).toContain('counter packets 0 ');
  } finally {
    await network.ip('router', 'address add 10.0.2.3/24 dev br1', 'route delete default');
    await network.sh('internet', 'nft delete table inet t');
  }
});

test('answers alone don’t keep a revoked flow open', async () => {
  await load(withFlows(flow('stream', 'container1', 'device2')));
  const streamer = spawn('nsenter', [`--net=${network.netns('device2')}`, process.execPath, '-e', STREAM, `${PORT}`]);
  talks.push({ end: () => streamer.kill('SIGKILL') });
  await once(streamer.stdout, 'data');
  const listener = await new Talk('container1', '10.0.2.5', 'once').begun();
  await load(article);
  const denied = async () => {
    const listing = await network.sh('router', 'nft list chain inet firebreak forward');
    return Number(/counter packets (\d+) bytes \d+ comment "no flow"/.exec(listing)?.[1]);
  };
  while ((await denied()) === 0);
  const { answered } = await listener.counts();
  const before = await denied();
  while ((await denied()) < before + 50);
  expect((await listener.counts()).answered).toBe(answered);
});

/** Once somebody has said something, it never stops talking to him. */
const STREAM = `
  const socket = require('node:dgram').createSocket('udp4');
  socket.once('message', (_, { port, address }) => setInterval(() => socket.send('x', port, address), 1));
  socket.bind(Number(process.argv[1]), () => console.log('ready'));
`;
