import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setImmediate as breathe } from 'node:timers/promises';
import { run } from '../../components/host/run.ts';
import { inNamespace } from '../../components/host/sockets/namespace.ts';
import { close, openUdp, receive, send } from '../../components/host/sockets/sockets.ts';
import type { BenchNetwork } from '../network.ts';
import { CLIENT, SERVER, SERVER_PORT } from '../policies.ts';
import { undoLater } from '../undo.ts';

const DATA = Buffer.alloc(36);
const BURST = 256;
const PINGS = 10_000;
const ARRIVAL_MS = 50;

/** A conversation's own source port, so that no router remembers it from the measurement before. */
let nextPort = 42_000;

/** Client and server of a network, and the loads that they put on the router between them. */
export class Load {
  readonly #network: BenchNetwork;

  private constructor(network: BenchNetwork) {
    this.#network = network;
  }

  /** @returns when iperf3's server listens */
  static async prepare(network: BenchNetwork): Promise<Load> {
    const server = spawn('nsenter', [`--net=${network.netns(SERVER)}`, 'iperf3', '--server', '--forceflush'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    undoLater(async () => {
      server.kill();
    });
    await once(server.stdout, 'data');
    server.stdout.resume();
    return new Load(network);
  }

  /** Mbit/s of one TCP conversation (iperf3, which knows whole seconds only). */
  async tcp(seconds: number): Promise<number> {
    const argv = ['iperf3', '--client', this.#server, '--time', String(Math.ceil(seconds)), '--json'];
    const report = JSON.parse(await run(argv, { netns: this.#network.netns(CLIENT) })) as {
      readonly end: { readonly sum_received: { readonly bits_per_second: number } };
    };
    return report.end.sum_received.bits_per_second / 1e6;
  }

  /** Microseconds from ping to ping, each sent when the one before was answered: ping's own mean has too few digits. */
  async latency(): Promise<number> {
    const output = await run(['ping', '-f', '-q', '-c', String(PINGS), this.#server], {
      netns: this.#network.netns(CLIENT),
    });
    const [, answered, took] = / (\d+) received, .* time (\d+)ms/.exec(output) ?? [];
    if (Number(answered) !== PINGS) throw new Error(`not every ping was answered: ${output}`);
    return (Number(took) * 1000) / PINGS;
  }

  /**
   * Datagrams of 64 bytes that arrive in a second.
   * @param known the server answered first: an established conversation. Otherwise the router decides anew about each.
   */
  async datagrams(seconds: number, { known }: { readonly known: boolean }): Promise<number> {
    const port = nextPort++;
    const sink = inNamespace(this.#network.netns(SERVER), () => openUdp(SERVER_PORT));
    const source = inNamespace(this.#network.netns(CLIENT), () => openUdp(port));
    try {
      send(source, DATA, this.#server, SERVER_PORT);
      await sleep(ARRIVAL_MS);
      if (receive(sink) === null) throw new Error('the router lets no datagram through');
      if (known) {
        // Masquerading keeps the port; who spoke is the client, or the router in its name.
        for (const address of this.#sources) send(sink, DATA, address, port);
        await sleep(ARRIVAL_MS);
        if (receive(source) === null) throw new Error('the router lets no answer through');
      }
      const before = await this.#arrived();
      const begun = performance.now();
      while (performance.now() - begun < seconds * 1000) {
        for (let sent = 0; sent < BURST; sent++) send(source, DATA, this.#server, SERVER_PORT);
        await breathe();
      }
      const took = performance.now() - begun;
      await sleep(ARRIVAL_MS);
      return ((await this.#arrived()) - before) / (took / 1000);
    } finally {
      close(sink);
      close(source);
    }
  }

  get #server(): string {
    return this.#network.address(SERVER);
  }

  get #sources(): readonly string[] {
    const routersSide = this.#server.replace(/\d+$/, '1');
    return [this.#network.address(CLIENT), routersSide];
  }

  /** Packets at the server's interface so far. */
  async #arrived(): Promise<number> {
    const output = await run(['ip', '-json', '-stats', 'link', 'show', 'eth0'], { netns: this.#network.netns(SERVER) });
    const [link] = JSON.parse(output) as readonly { readonly stats64: { readonly rx: { readonly packets: number } } }[];
    return link?.stats64.rx.packets ?? Number.NaN;
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((done) => setTimeout(done, ms));
}
