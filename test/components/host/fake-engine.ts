import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

export interface Call {
  readonly method: string;
  /** Without the version. */
  readonly path: string;
  readonly version: string | undefined;
  readonly type: string | undefined;
  readonly body: string;
}

type Handler = (answer: ServerResponse, call: Call) => void;

/** What an engine answers to /version, as its release does. */
export const ENGINES = {
  '20.10': { Version: '20.10.24', ApiVersion: '1.41', MinAPIVersion: '1.12' },
  '24': { Version: '24.0.9', ApiVersion: '1.43', MinAPIVersion: '1.12' },
  '29': { Version: '29.0.0', ApiVersion: '1.52', MinAPIVersion: '1.44' },
} as const;

/**
 * Speaks HTTP at a unix socket as the Docker Engine is documented to: answers /version without a version, refuses versions that it doesn't know,
 * and answers errors as {"message": …}.
 */
export class FakeEngine {
  readonly calls: Call[] = [];
  readonly #directory: string;
  readonly #release: keyof typeof ENGINES;
  readonly #routes: Readonly<Record<string, Handler>>;
  #server: Server | undefined;

  private constructor(directory: string, release: keyof typeof ENGINES, routes: Readonly<Record<string, Handler>>) {
    this.#directory = directory;
    this.#release = release;
    this.#routes = routes;
  }

  /** @param routes by method and path without version and query, such as `GET /networks` */
  static async make(
    release: keyof typeof ENGINES,
    routes: Readonly<Record<string, Handler>> = {},
  ): Promise<FakeEngine> {
    return new FakeEngine(await mkdtemp(join(tmpdir(), 'firebreak-engine-')), release, routes);
  }

  get socket(): string {
    return join(this.#directory, 'docker.sock');
  }

  get host(): string {
    return `unix://${this.socket}`;
  }

  async start(): Promise<void> {
    this.#server = createServer((request, answer) => void this.#answer(request, answer));
    this.#server.listen(this.socket);
    await once(this.#server, 'listening');
  }

  /** As when the daemon ends: every connection is closed. */
  async stop(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  }

  async remove(): Promise<void> {
    await this.stop();
    await rm(this.#directory, { recursive: true });
  }

  async #answer(request: IncomingMessage, answer: ServerResponse): Promise<void> {
    const [, version, path = ''] = /^(?:\/v([\d.]+))?(\/.*)$/.exec(request.url ?? '') ?? [];
    const { method = '', headers } = request;
    const call = { method, path, version, type: headers['content-type'], body: await text(request) };
    this.calls.push(call);
    const { ApiVersion, MinAPIVersion } = ENGINES[this.#release];
    if (version !== undefined && minor(version) > minor(ApiVersion)) {
      const message = `client version ${version} is too new. Maximum supported API version is ${ApiVersion}`;
      return json(400, { message })(answer);
    }
    if (version !== undefined && minor(version) < minor(MinAPIVersion)) {
      const message = `client version ${version} is too old. Minimum supported API version is ${MinAPIVersion}`;
      return json(400, { message })(answer);
    }
    if (path === '/version') return json(200, ENGINES[this.#release])(answer);
    const handler = this.#routes[`${method} ${path.split('?')[0]}`] ?? json(404, { message: 'page not found' });
    handler(answer, call);
  }
}

export function json(status: number, body: unknown): (answer: ServerResponse) => void {
  return (answer) => {
    answer.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(body)}\n`);
  };
}

function minor(version: string): number {
  return Number(version.split('.')[1]);
}
