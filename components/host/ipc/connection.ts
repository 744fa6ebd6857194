import type { Client } from 'aws-iot-device-sdk-v2/dist/greengrasscoreipc';
import { IpcError, ipcErrorOf } from './ipc-error.ts';

/** A connection that lasts until it is lost. The official client connects once; after that it is of no use. */
export class Connection {
  readonly #client: Client;
  readonly #lost: Promise<void>;
  #closing: Promise<void> | undefined;

  private constructor(client: Client) {
    this.#client = client;
    this.#lost = new Promise((resolve) => client.on('disconnection', () => resolve()));
  }

  /** @throws IpcError */
  static async open(newClient: () => Client, timeoutMs: number): Promise<Connection> {
    const client = orUnreachable('connect', newClient);
    const connection = new Connection(client);
    try {
      await inTime('connect', client.connect(), timeoutMs);
    } catch (error) {
      // It was never open; why it wasn't is what is told.
      void client.close().catch(() => undefined);
      throw ipcErrorOf('connect', error);
    }
    return connection;
  }

  /** Settles, unlike the client's own calls: also when the connection is lost, or nobody answers. @throws IpcError */
  async call<T>(operation: string, act: (client: Client) => Promise<T>, timeoutMs: number): Promise<T> {
    const lost = this.#lost.then(() => {
      throw new IpcError(operation, 'Unreachable', 'the connection was lost; nobody knows whether it was done');
    });
    // Raced below; it may be lost long after that.
    lost.catch(() => undefined);
    try {
      const settled = Promise.race([orUnreachable(operation, () => act(this.#client)), lost]);
      return await inTime(operation, settled, timeoutMs);
    } catch (error) {
      throw ipcErrorOf(operation, error);
    }
  }

  /** For streams. @throws IpcError when the connection is lost already */
  open<T>(operation: string, act: (client: Client) => T): T {
    return orUnreachable(operation, () => act(this.#client));
  }

  untilLost(): Promise<void> {
    return this.#lost;
  }

  /** All of it, streams too. The client says a second time at once that it has done so: so it is asked once. */
  close(): Promise<void> {
    this.#closing ??= this.#client
      .close()
      .catch(() => undefined)
      // It closes its streams' native parts a turn later.
      .then(() => new Promise<void>((resolve) => setImmediate(() => setImmediate(resolve))));
    return this.#closing;
  }
}

function orUnreachable<T>(operation: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    throw ipcErrorOf(operation, error);
  }
}

async function inTime<T>(operation: string, promise: Promise<T>, timeoutMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new IpcError(operation, 'TimedOut', `no answer within ${timeoutMs} ms`)),
      timeoutMs,
    );
  });
  // Raced below; what comes too late was told as such.
  promise.catch(() => undefined);
  try {
    return await Promise.race([promise, tooLate]);
  } finally {
    clearTimeout(timer);
  }
}
