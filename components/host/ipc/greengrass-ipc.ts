import { type Client, createClient } from 'aws-iot-device-sdk-v2/dist/greengrasscoreipc';
import { Connection } from './connection.ts';
import { IpcError, ipcErrorOf } from './ipc-error.ts';
import { mendStreamClose } from './stream-close.ts';

/** A stream of the official client's: `message`, `streamError`, `ended`. */
interface Stream<Message> {
  activate(): Promise<unknown>;
  close(): Promise<void>;
  on(event: 'ended', listener: () => void): unknown;
  on(event: 'streamError', listener: (error: Error) => void): unknown;
  on(event: 'message', listener: (message: Message) => void): unknown;
}

export interface Subscription<Message> {
  /** In words, for what is said of it. */
  readonly operation: string;
  readonly open: (client: Client) => Stream<Message>;
  readonly heard: (message: Message) => void;
  /** It has begun, or begun anew: what happened before nobody has heard. */
  readonly began?: () => void;
}

export interface IpcPace {
  readonly connectMs: number;
  readonly callMs: number;
  /** Before what failed is tried again: the first time, and at most. */
  readonly retryMs: readonly [number, number];
}

const PACE: IpcPace = { connectMs: 10_000, callMs: 20_000, retryMs: [500, 30_000] };

export interface IpcOptions {
  /** Told of what is lost, once until it is back. */
  readonly say: (event: string, why: string) => void;
  readonly pace?: IpcPace;
  readonly newClient?: () => Client;
}

/**
 * The nucleus as a component reaches it (AWS Greengrass IPC), by the official client, whose failings end here: a client is made anew when its
 * connection is lost, subscriptions are, too, and every call settles.
 */
export class GreengrassIpc {
  readonly #options: IpcOptions;
  readonly #pace: IpcPace;
  readonly #subscriptions: Subscription<never>[] = [];
  readonly #waiting = new Set<() => void>();
  #connection: Connection | null = null;
  #ended: AbortSignal = new AbortController().signal;

  constructor(options: IpcOptions) {
    mendStreamClose();
    this.#options = options;
    this.#pace = options.pace ?? PACE;
  }

  /** Before `run`. */
  subscribe<Message>(subscription: Subscription<Message>): void {
    this.#subscriptions.push(subscription as unknown as Subscription<never>);
  }

  /** @throws IpcError, always within the time; code `Unreachable` while there is no connection */
  async call<T>(operation: string, act: (client: Client) => Promise<T>, timeoutMs = this.#pace.callMs): Promise<T> {
    if (this.#connection === null) throw new IpcError(operation, 'Unreachable', 'there is no connection');
    return this.#connection.call(operation, act, timeoutMs);
  }

  /** Returns when there is a connection, or at the signal. */
  async connected(signal: AbortSignal): Promise<void> {
    if (this.#connection !== null || signal.aborted) return;
    await new Promise<void>((resolve) => {
      const done = () => {
        signal.removeEventListener('abort', done);
        this.#waiting.delete(done);
        resolve();
      };
      this.#waiting.add(done);
      signal.addEventListener('abort', done, { once: true });
    });
  }

  /** Keeps it connected until the signal. */
  async run(signal: AbortSignal): Promise<void> {
    this.#ended = signal;
    const newClient = this.#options.newClient ?? createClient;
    await this.#again('connect', signal, async () => {
      const connection = await Connection.open(newClient, this.#pace.connectMs);
      const over = new AbortController();
      const stop = () => void connection.close();
      signal.addEventListener('abort', stop, { once: true });
      if (signal.aborted) stop();
      this.#connection = connection;
      for (const done of [...this.#waiting]) done();
      const subscribed = this.#subscriptions.map((one) => this.#keep(one, connection, over.signal));
      await connection.untilLost();
      this.#connection = null;
      signal.removeEventListener('abort', stop);
      over.abort();
      await Promise.all(subscribed);
      await connection.close();
      throw new IpcError('connect', 'Unreachable', 'the connection was lost');
    });
  }

  /** A subscription for as long as the connection lasts. */
  #keep({ operation, open, heard, began }: Subscription<never>, connection: Connection, over: AbortSignal) {
    return this.#again(operation, over, async () => {
      const stream = connection.open(operation, open);
      const attempt = new AbortController();
      const ended = new Promise<never>((_, reject) => {
        const lost = () => reject(new IpcError(operation, 'Unreachable', 'the connection was lost'));
        stream.on('streamError', (reason) => reject(ipcErrorOf(operation, reason)));
        stream.on('ended', () => reject(new IpcError(operation, 'Unreachable', 'the nucleus ended it')));
        over.addEventListener('abort', lost, { once: true, signal: attempt.signal });
      });
      // It may end before anybody waits for it.
      ended.catch(() => undefined);
      stream.on('message', heard);
      try {
        await connection.call(operation, () => stream.activate(), this.#pace.callMs);
        began?.();
        return await ended;
      } finally {
        attempt.abort();
        // With the connection the client closes its streams itself; both at once has crashed its native part.
        if (!over.aborted) await stream.close().catch(() => undefined);
      }
    });
  }

  /** Does something again and again, with growing pauses while it fails soon; says so once until it has lasted. */
  async #again(operation: string, until: AbortSignal, act: () => Promise<never>): Promise<void> {
    const [firstMs, mostMs] = this.#pace.retryMs;
    let pauseMs = firstMs;
    let said = '';
    while (!until.aborted && !this.#ended.aborted) {
      const begun = performance.now();
      const error = await act().catch((thrown: unknown) => ipcErrorOf(operation, thrown));
      if (until.aborted || this.#ended.aborted) return;
      if (performance.now() - begun > mostMs) {
        pauseMs = firstMs;
        said = '';
      }
      if (error.message !== said) this.#options.say('ipc-lost', error.message);
      said = error.message;
      await pauseUnless(until, pauseMs);
      pauseMs = Math.min(2 * pauseMs, mostMs);
    }
  }
}

async function pauseUnless(signal: AbortSignal, milliseconds: number): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    signal.addEventListener('abort', done, { once: true });
  });
}
