import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Configurations } from '../../../../../lib/lab/greengrass/configuration/configurations.ts';
import { valueAt } from '../../../../../lib/lab/greengrass/configuration/tree.ts';
import { requirePermission } from '../../../../../lib/lab/greengrass/ipc/authorization.ts';
import type { Operations } from '../../../../../lib/lab/greengrass/ipc/operation.ts';
import type { Permissions } from '../../../../../lib/lab/greengrass/ipc/operations/permissions.ts';
import { IpcServer } from '../../../../../lib/lab/greengrass/ipc/server.ts';
import { type Client, newClient } from './client.ts';

/** An IPC server and the official clients that were connected to it. */
export class TestNucleus {
  readonly configurations = new Configurations();
  readonly log: string[] = [];
  readonly socket: string;
  readonly #directory = mkdtempSync(join(tmpdir(), 'fb-ipc-'));
  readonly #clients: Client[] = [];
  #server: IpcServer | undefined;

  constructor() {
    this.socket = join(this.#directory, 'ipc.socket');
  }

  readonly permit: Permissions = (component, service, operation, resource) =>
    requirePermission(
      valueAt(this.configurations.get(component), ['accessControl']),
      ...([component, service, operation, resource] as const),
    );

  /** Components are known by their configuration; a component's token is its name with "token-" before it. */
  async serve(operations: Operations): Promise<IpcServer> {
    this.#server = await IpcServer.listen({
      path: this.socket,
      authenticate: (token) => {
        const name = token.replace(/^token-/, '');
        return token !== name && this.configurations.get(name) !== undefined ? name : undefined;
      },
      operations,
      log: (line) => this.log.push(line),
    });
    return this.#server;
  }

  async connect(component: string): Promise<Client> {
    const client = newClient(this.socket, `token-${component}`);
    this.#clients.push(client);
    await client.connect();
    return client;
  }

  async end(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.close()));
    await this.#server?.close();
    rmSync(this.#directory, { recursive: true });
  }
}
