import { createInterface } from 'node:readline';
import { setImmediate as breathe } from 'node:timers/promises';
import { containerNamespace } from '../../../components/host/container-namespace.ts';
import { Docker } from '../../../components/host/docker.ts';
import { hasCode } from '../../../components/host/errno.ts';
import { sendFrame } from '../../../components/host/sockets/frames.ts';
import { readable, receive, type Socket, send } from '../../../components/host/sockets/sockets.ts';
import { encodeEchoRequest } from '../../packet/icmp.ts';
import { Distinct } from './distinct.ts';
import { FrameTemplates } from './frames.ts';
import { heardMark, MARK_LENGTH, type Mark, writeMark } from './mark.ts';
import { Post } from './post.ts';
import type { Command, FloodReport, Phase, Stream, Tally } from './stream.ts';

/** The flood's process: commands come by standard input, and with its end the flood ends. */

/** After the last packet was sent: what has not come by then does not come. */
const DRAIN_MS = 500;
/** How often it is looked whether places are still what they were. */
const FOLLOW_MS = 20;
/** So long may sending and hearing go on before commands are read. */
const BREATHE_MS = 4;
const FIRST_PORT = 41_000;
/** Packets that are read from one place before the others have their turn. */
const BURST = 64;

interface Counts {
  sent: number;
  unsent: number;
  readonly heard: Map<string, Distinct>;
  readonly answers: Map<string, Distinct>;
  begun: number;
  ranMs: number;
  longestPauseMs: number;
}

/** A stream with what it needs at each packet. */
class Source {
  readonly stream: Stream;
  readonly number: number;
  readonly counts = new Map<number, Counts>();
  #sequence = 0;
  #frames: { readonly templates: FrameTemplates; readonly mac: string } | null = null;
  readonly #data = Buffer.alloc(MARK_LENGTH);
  next = 0;
  last = 0;

  constructor(stream: Stream, number: number) {
    this.stream = stream;
    this.number = number;
  }

  /** @returns whether it went out */
  send(post: Post, phase: number): boolean {
    const mark = { stream: this.number, phase, sequence: this.#sequence++ };
    try {
      return this.#send(post, mark);
    } catch (error) {
      // ENETUNREACH, EHOSTUNREACH, ENETDOWN, ENXIO, …: there is no way out now.
      if (hasCode(error, 'EBADF')) throw error;
      post.forgetPort();
      return false;
    }
  }

  #send(post: Post, mark: Mark): boolean {
    const { packets, to } = this.stream;
    if (packets.kind === 'frames') {
      const [socket, port] = [post.framer(), post.port()];
      if (socket === null || port === null) return false;
      if (this.#frames?.mac !== port.mac) {
        this.#frames = { templates: new FrameTemplates(packets, port.mac, to, this.number), mac: port.mac };
      }
      const frame = this.#frames.templates.next(mark);
      if (frame === undefined) return false;
      sendFrame(socket, port.index, frame);
      return true;
    }
    writeMark(this.#data, mark);
    const isPing = packets.kind === 'pings';
    const socket = isPing ? post.pinger() : post.talker(FIRST_PORT + this.number);
    if (socket === null) return false;
    if (packets.kind === 'datagrams') send(socket, this.#data, to, packets.port);
    else {
      const echo = { id: this.number + 1, sequence: mark.sequence & 0xffff, data: this.#data };
      send(socket, encodeEchoRequest(echo), to);
    }
    return true;
  }
}

class FloodProcess {
  readonly #phases: string[] = [];
  readonly #posts = new Map<string, Post>();
  readonly #containers = new Map<string, Post>();
  readonly #sources: Source[] = [];
  #active: Source[] = [];
  #docker: Docker | null = null;
  #ended = false;
  /** Frames that listeners lost which are no longer there. */
  #lost = 0;

  async run(): Promise<void> {
    const commands: Command[] = [];
    const lines = createInterface(process.stdin);
    lines.on('line', (line) => commands.push(JSON.parse(line) as Command));
    lines.on('close', () => {
      this.#ended = true;
    });
    let followed = 0;
    while (!this.#ended) {
      for (let command = commands.shift(); command !== undefined; command = commands.shift()) await this.#obey(command);
      const until = performance.now() + BREATHE_MS;
      for (let now = performance.now(); now < until; now = performance.now()) {
        if (now - followed > FOLLOW_MS) {
          for (const post of this.#posts.values()) post.look();
          followed = now;
        }
        this.#sendDue(now);
        this.#hear(Math.min(until, this.#nextDue()) - performance.now());
      }
      await breathe();
    }
    for (const post of this.#posts.values()) post.leave();
    process.exit();
  }

  async #obey(command: Command): Promise<void> {
    if (command.do === 'set') {
      const { docker } = command;
      if (docker !== undefined) {
        this.#docker = new Docker(`unix://${docker}`);
        void this.#followContainers(this.#docker);
      }
      say({});
    } else if (command.do === 'phase') {
      await this.#begin(command);
      say({});
    } else if (command.do === 'forget') {
      for (const { counts } of this.#sources) {
        for (const phase of counts.keys()) if (phase < this.#phases.length - 1) counts.delete(phase);
      }
      say({});
    } else {
      if (command.do !== 'tell') this.#drain();
      say(this.#report());
      if (command.do === 'stop') this.#ended = true;
    }
  }

  async #begin({ phase, places, streams }: Phase): Promise<void> {
    const sinks = new Set(streams.flatMap(({ packets }) => (packets.kind === 'datagrams' ? [packets.port] : [])));
    for (const [name, post] of this.#posts) {
      if (name in places) continue;
      post.leave();
      this.#lost += post.lost;
      this.#posts.delete(name);
      this.#containers.delete(name);
    }
    for (const [name, place] of Object.entries(places)) {
      const post = this.#posts.get(name) ?? new Post(name);
      this.#posts.set(name, post);
      if ('netns' in place) post.move(place.netns, sinks);
      else {
        this.#containers.set(place.container, post);
        post.move(await this.#namespaceOf(place.container), sinks);
      }
    }
    const now = performance.now();
    this.#rest(now);
    this.#phases.push(phase);
    const number = this.#phases.length - 1;
    this.#active = streams.map((stream) => {
      const text = JSON.stringify(stream);
      let source = this.#sources.find((known) => JSON.stringify(known.stream) === text);
      if (source === undefined) {
        source = new Source(stream, this.#sources.length);
        this.#sources.push(source);
      }
      source.counts.set(number, {
        ...{ sent: 0, unsent: 0, begun: now, ranMs: 0, longestPauseMs: 0 },
        ...{ heard: new Map(), answers: new Map() },
      });
      source.next = now;
      source.last = now;
      return source;
    });
  }

  /** The present phase ends. */
  #rest(now: number): void {
    for (const source of this.#active) {
      const counts = source.counts.get(this.#phases.length - 1);
      if (counts === undefined) continue;
      counts.ranMs = now - counts.begun;
      counts.longestPauseMs = Math.max(counts.longestPauseMs, now - source.last);
    }
  }

  #sendDue(now: number): void {
    const phase = this.#phases.length - 1;
    for (const source of this.#active) {
      if (source.next > now) continue;
      // Who is late does not make up for it: bursts would keep everybody else from sending and hearing.
      source.next = Math.max(source.next + source.stream.everyMs, now);
      const counts = source.counts.get(phase);
      const post = this.#posts.get(source.stream.from);
      if (counts === undefined) continue;
      counts.longestPauseMs = Math.max(counts.longestPauseMs, now - source.last);
      source.last = now;
      if (post?.listener != null && source.send(post, phase)) counts.sent++;
      else counts.unsent++;
    }
  }

  #nextDue(): number {
    return this.#active.reduce((least, { next }) => Math.min(least, next), Number.POSITIVE_INFINITY);
  }

  #hear(waitMs: number): void {
    const heard: Socket[] = [];
    const posts: Post[] = [];
    for (const post of this.#posts.values()) {
      if (post.listener === null) continue;
      heard.push(post.listener);
      posts.push(post);
    }
    const ready = readable(heard, waitMs);
    for (const socket of ready) {
      const post = posts[heard.indexOf(socket)];
      for (let read = 0; read < BURST; read++) {
        const bytes = receive(socket);
        if (bytes === null) break;
        const mark = heardMark(bytes);
        const counts = mark === null ? undefined : this.#sources[mark.stream]?.counts.get(mark.phase);
        if (mark === null || counts === undefined || post === undefined) continue;
        const places = mark.kind === 'probe' ? counts.heard : counts.answers;
        let distinct = places.get(post.name);
        if (distinct === undefined) {
          distinct = new Distinct();
          places.set(post.name, distinct);
        }
        distinct.add(mark.sequence);
      }
    }
  }

  /** Time that passes meanwhile is no pause of a stream. */
  #drain(): void {
    const begun = performance.now();
    for (const end = begun + DRAIN_MS; performance.now() < end; ) this.#hear(end - performance.now());
    const tookMs = performance.now() - begun;
    for (const source of this.#active) {
      source.last += tookMs;
      const counts = source.counts.get(this.#phases.length - 1);
      if (counts !== undefined) counts.begun += tookMs;
    }
  }

  #report(): FloodReport {
    this.#rest(performance.now());
    const counted = (places: ReadonlyMap<string, Distinct>) =>
      Object.fromEntries([...places].map(([place, { count }]) => [place, count]));
    const tallies = this.#sources.flatMap(({ stream, counts }) =>
      [...counts].map(
        ([phase, { sent, unsent, heard, answers, ranMs, longestPauseMs }]): Tally => ({
          ...{ stream, phase: this.#phases[phase] ?? '', sent, unsent, ranMs, longestPauseMs },
          ...{ heard: counted(heard), answers: counted(answers) },
        }),
      ),
    );
    return { tallies, lostFrames: [...this.#posts.values()].reduce((sum, { lost }) => sum + lost, this.#lost) };
  }

  async #followContainers(docker: Docker): Promise<void> {
    const look = () => {
      for (const [container, post] of this.#containers) {
        void this.#namespaceOf(container).then((path) => {
          if (this.#containers.get(container) === post) post.move(path);
        });
      }
    };
    const filters = { type: ['container'], event: ['start', 'die', 'restart', 'rename'] };
    while (!this.#ended) {
      try {
        await docker.events(filters, { began: look, noticed: look }, new AbortController().signal);
      } catch {
        // The engine may be starting.
      }
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }

  /** null: it doesn't run, or its engine doesn't. */
  async #namespaceOf(container: string): Promise<string | null> {
    try {
      return this.#docker === null ? null : await containerNamespace(this.#docker, container);
    } catch {
      return null;
    }
  }
}

function say(answer: unknown): void {
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}

void new FloodProcess().run();
