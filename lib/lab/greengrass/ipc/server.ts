import { chmod, mkdir, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { Connection, type Service } from './connection.ts';

interface IpcServerOptions extends Service {
  /** Path of the unix socket; at most 107 bytes (unix(7)). */
  readonly path: string;
}

/** The nucleus' end of the IPC: event-stream RPC on a unix socket. */
export class IpcServer {
  readonly #server: Server;
  readonly #connections = new Set<Connection>();

  private constructor(options: IpcServerOptions) {
    this.#server = createServer((socket: Socket) => {
      const connection = new Connection(socket, options);
      this.#connections.add(connection);
      socket.once('close', () => this.#connections.delete(connection));
    });
  }

  /** A socket that a killed predecessor left behind is replaced. */
  static async listen(options: IpcServerOptions): Promise<IpcServer> {
    const { path } = options;
    if (Buffer.byteLength(path) > 107) throw new Error(`${path}: the path of a unix socket has at most 107 bytes`);
    await mkdir(dirname(path), { recursive: true });
    await rm(path, { force: true });
    const ipc = new IpcServer(options);
    await new Promise<void>((resolve, reject) => {
      ipc.#server.once('error', reject);
      ipc.#server.listen(path, resolve);
    });
    // Components may run as another user; the token says who they are.
    await chmod(path, 0o666);
    return ipc;
  }

  /** Hangs up on everyone with this identity: its token is no longer good. */
  disconnect(component: string): void {
    for (const connection of this.#connections) if (connection.component === component) connection.destroy();
  }

  async close(): Promise<void> {
    for (const connection of this.#connections) connection.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}
