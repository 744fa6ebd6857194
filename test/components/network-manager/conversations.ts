import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { on } from 'node:events';
import { createInterface } from 'node:readline';
import { run } from '../../../components/host/run.ts';
import type { Policy } from '../../../lib/policy/index.ts';
import { compiled } from '../../lib/truck/support.ts';
import { TestNetwork } from '../isolation-tester/network.ts';

/** Where nodes answer, and where one of them streams. */
export const PORT = 7000;
export const STREAM_PORT = 7001;
/** What a provider's own network might have: an address of each range that is no internet, but for those that no kernel sends to. */
export const PROVIDERS = [
  '0.9.9.9',
  '10.9.9.9',
  '100.64.0.9',
  '169.254.9.9',
  '172.16.0.9',
  '192.168.9.9',
  '198.18.9.9',
  '240.0.0.9',
].map((address) => ({ node: 'internet', address }));

/** Milliseconds for the first answer. */
const PATIENCE_MS = 3000;

/** A conversation that should be there, and is not. */
export class Unheard extends Error {}

/** Four nodes, the host on its link, the internet, and a router whose ruleset changes while they talk; on the real kernel. */
export class Conversations {
  readonly network: TestNetwork;
  readonly #talks: { end(): void }[] = [];
  #changed = (ruleset: string): string => ruleset;

  private constructor(network: TestNetwork) {
    this.network = network;
  }

  static async make(): Promise<Conversations> {
    const network = await TestNetwork.make({
      segments: { br0: '10.0.1.3/24', br1: '10.0.2.3/24', out: '8.8.8.1/24', 'fb-host': '198.19.0.1/30' },
      nodes: {
        container1: ['br0', '10.0.1.4/24'],
        device1: ['br0', '10.0.1.5/24'],
        container2: ['br1', '10.0.2.4/24'],
        device2: ['br1', '10.0.2.5/24'],
        host: ['fb-host', '198.19.0.2/30'],
        internet: ['out', '8.8.8.8/24'],
      },
    });
    try {
      await network.ip('router', 'link set dev out group 5000', 'link set dev fb-host group 4999');
      await network.ip(
        'internet',
        'route delete default',
        ...PROVIDERS.map(({ address }) => `address add ${address}/32 dev eth0`),
      );
      await network.ip('router', ...PROVIDERS.map(({ address }) => `route add ${address}/32 dev out`));
      await Promise.all(['container2', 'device1', 'internet'].map((node) => network.serve(node, PORT)));
      return new Conversations(network);
    } catch (error) {
      await network.remove();
      throw error;
    }
  }

  async remove(): Promise<void> {
    this.hush();
    await this.network.remove();
  }

  /** From now on each ruleset is changed so before it is loaded. */
  changing(change: (ruleset: string) => string): void {
    this.#changed = change;
  }

  load(policy: Policy): Promise<string> {
    return run(['nft', '-f', '-'], {
      netns: this.network.netns('router'),
      input: this.#changed(compiled(policy).router.configuration.ruleset.text),
    });
  }

  /** A datagram each millisecond, each of which is answered. @throws Unheard if nobody answers */
  async talk(from: string, to: string): Promise<Talk> {
    return this.talkAnyway(from, to).begun();
  }

  /** The same, answered or not. */
  talkAnyway(from: string, to: string): Talk {
    return this.#begin(from, CLIENT, to, `${PORT}`, 'always');
  }

  /** One datagram, and whoever got it never stops answering. @throws Unheard if he doesn't begin to */
  async listen(from: string, { node, address, port = STREAM_PORT }: Streamer): Promise<Stream> {
    const streamer = this.#begin(node, STREAM, address, `${port}`);
    await streamer.counts();
    const listener = await this.#begin(from, CLIENT, address, `${port}`, 'once').begun();
    return {
      heardOf: async (more) => {
        await streamer.pass(more);
        const before = await listener.counts();
        await streamer.pass(more);
        return (await listener.counts()).answered - before.answered;
      },
    };
  }

  /** How many such packets come to a node meanwhile. @param packets in the words of nft(8) */
  async arriving(node: string, packets: string, meanwhile: () => Promise<unknown>): Promise<number> {
    await this.network.rules(node, `chain c { type filter hook prerouting priority 0; ${packets} counter; }`);
    try {
      await meanwhile();
      const listing = await this.network.sh(node, 'nft list chain inet t c');
      return Number(/counter packets (\d+)/.exec(listing)?.[1]);
    } finally {
      await this.network.rules(node);
    }
  }

  #begin(node: string, program: string, ...args: readonly string[]): Talk {
    const talk = new Talk(this.network.netns(node), program, args);
    this.#talks.push(talk);
    return talk;
  }

  /** Everybody falls silent. */
  hush(): void {
    for (const talk of this.#talks.splice(0)) talk.end();
  }
}

/** Who never stops answering, and where he is spoken to. */
interface Streamer {
  readonly node: string;
  readonly address: string;
  readonly port?: number;
}

/** Answers of somebody who never stops. */
interface Stream {
  /** How many datagrams were heard while so many were sent, after as many others that may have been on their way. */
  heardOf(more: number): Promise<number>;
}

/** One side of a UDP conversation, a process of its own that is asked for its counts. */
class Talk {
  readonly #client: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string[]>;

  constructor(netns: string, program: string, args: readonly string[]) {
    this.#client = spawn('nsenter', [`--net=${netns}`, process.execPath, '-e', program, ...args]);
    this.#lines = on(createInterface(this.#client.stdout), 'line', { close: ['close'] });
  }

  /** Datagrams sent and answered so far. */
  async counts(): Promise<{ readonly sent: number; readonly answered: number }> {
    return this.#ask('');
  }

  /** Waits until so many more were sent; how many more were answered. */
  async answeredOf(more: number): Promise<number> {
    const before = await this.counts();
    await this.pass(more);
    return (await this.counts()).answered - before.answered;
  }

  /** Waits until so many more were sent. */
  async pass(more: number): Promise<void> {
    const { sent } = await this.counts();
    while ((await this.counts()).sent < sent + more);
  }

  /** @throws Unheard if nobody answers */
  async begun(): Promise<this> {
    const deadline = performance.now() + PATIENCE_MS;
    while ((await this.counts()).answered === 0) {
      if (performance.now() > deadline) throw new Unheard('nobody answers');
    }
    return this;
  }

  /** Stops sending, and when what is on its way has come back, says how many were never answered. */
  async lost(): Promise<number> {
    const { sent, answered } = await this.#ask('stop');
    return sent - answered;
  }

  async #ask(what: string): Promise<{ readonly sent: number; readonly answered: number }> {
    this.#client.stdin.write(`${what}\n`);
    const { value, done } = await this.#lines.next();
    if (done) throw new Error('one side of a conversation has ended by itself');
    return JSON.parse(String(value[0]));
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
  socket.bind(0, () => {
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

/** Once somebody has said something, it never stops talking to him. */
const STREAM = `
  const [, address, port] = process.argv;
  const socket = require('node:dgram').createSocket('udp4');
  let sent = 0;
  socket.once('message', (_, { port, address }) =>
    setInterval(() => { socket.send('x', port, address); sent++; }, 1));
  socket.bind(Number(port), address, () => {
    require('node:readline').createInterface(process.stdin)
      .on('line', () => console.log(JSON.stringify({ sent, answered: 0 })));
  });
`;
