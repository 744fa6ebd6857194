import { statSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { indexOfInterface, openFrameSender } from '../../../components/host/sockets/frames.ts';
import { SystemCallError } from '../../../components/host/sockets/libc.ts';
import { inNamespace } from '../../../components/host/sockets/namespace.ts';
import {
  close,
  lostFrames,
  openIcmpSender,
  openListener,
  openUdp,
  type Socket,
} from '../../../components/host/sockets/sockets.ts';

/** An interface by which frames are sent. */
export interface Port {
  readonly index: number;
  readonly mac: string;
}

/**
 * The sockets of a flood at one place. They are closed as soon as the place's namespace is another one, or none: an open socket would keep
 * the old one's interfaces alive, and with them what is measured.
 */
export class Post {
  readonly name: string;
  #path: string | null = null;
  #namespace: string | null = null;
  #listener: Socket | null = null;
  #senders = new Map<string, Socket>();
  #port: Port | null = null;
  #lost = 0;
  /** Ports at which somebody listens, or the place would answer that nobody does. */
  #sinks: ReadonlySet<number> = new Set();

  constructor(name: string) {
    this.name = name;
  }

  /** Its packets are heard here; null while the place isn't there. */
  get listener(): Socket | null {
    return this.#listener;
  }

  /** Frames that it lost. */
  get lost(): number {
    if (this.#listener !== null) this.#lost += lostFrames(this.#listener);
    return this.#lost;
  }

  /** @param path of its namespace; null: it has none at present */
  move(path: string | null, sinks: ReadonlySet<number> = this.#sinks): void {
    const sameSinks = sinks.size === this.#sinks.size && [...sinks].every((port) => this.#sinks.has(port));
    this.#path = path;
    this.#sinks = sinks;
    if (!sameSinks) this.leave();
    this.look();
  }

  /** Follows its namespace. @returns whether it is another one than before */
  look(): boolean {
    const namespace = this.#path === null ? null : namespaceAt(this.#path);
    if (namespace === this.#namespace) return false;
    this.leave();
    if (namespace === null || this.#path === null) return true;
    try {
      inNamespace(this.#path, () => {
        this.#listener = openListener();
        for (const port of this.#sinks) this.#senders.set(`sink ${port}`, openUdp(port));
      });
      this.#namespace = namespace;
    } catch {
      // It has gone in between; the next look will tell.
      this.leave();
    }
    return true;
  }

  /** Closes everything. */
  leave(): void {
    this.#lost += this.#listener === null ? 0 : lostFrames(this.#listener);
    for (const socket of [this.#listener, ...this.#senders.values()]) if (socket !== null) close(socket);
    this.#listener = null;
    this.#senders.clear();
    this.#port = null;
    this.#namespace = null;
  }

  pinger(): Socket | null {
    return this.#sender('pings', openIcmpSender);
  }

  talker(port: number): Socket | null {
    return this.#sender(`from ${port}`, () => openUdp(port));
  }

  framer(): Socket | null {
    return this.#sender('frames', openFrameSender);
  }

  /** The place's interface; null while it has none. */
  port(): Port | null {
    this.#port ??= this.#inside(findPort);
    return this.#port;
  }

  /** Its interface was not what it was held for. */
  forgetPort(): void {
    this.#port = null;
  }

  #sender(kind: string, open: () => Socket): Socket | null {
    const known = this.#senders.get(kind);
    if (known !== undefined) return known;
    const socket = this.#inside(open);
    if (socket !== null) this.#senders.set(kind, socket);
    return socket;
  }

  #inside<T>(action: () => T): T | null {
    if (this.#path === null || this.#namespace === null) return null;
    try {
      return inNamespace(this.#path, action);
    } catch (error) {
      if (error instanceof SystemCallError) throw error;
      return null;
    }
  }
}

function namespaceAt(path: string): string | null {
  const found = statSync(path, { throwIfNoEntry: false });
  return found === undefined ? null : `${found.dev} ${found.ino}`;
}

/** The first interface with an IPv4 address, apart from lo. */
function findPort(): Port | null {
  for (const [name, addresses = []] of Object.entries(networkInterfaces())) {
    const found = addresses.find(({ internal, family }) => !internal && family === 'IPv4');
    const index = found === undefined ? null : indexOfInterface(name);
    if (found !== undefined && index !== null) return { index, mac: found.mac };
  }
  return null;
}
