import { createReadStream } from 'node:fs';
import { request } from 'node:http';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { Listener } from './listener.ts';

/**
 * The Docker Engine's API over its unix socket (docs.docker.com/reference/api/engine), as far as it is used here. The API version is
 * negotiated: engines from 20.10 (at most 1.41) to 29 (at least 1.44) are spoken to.
 */
export class Docker {
  readonly #socket: string;
  #version: Promise<string> | undefined;

  /** @param host as in DOCKER_HOST: unix:///path/of/socket */
  constructor(host = 'unix:///var/run/docker.sock') {
    if (!host.startsWith('unix://')) {
      throw new DockerError(
        0,
        'connect',
        host,
        'only unix:// is spoken to; set DOCKER_HOST to unix:///path/of/docker.sock',
      );
    }
    this.#socket = host.slice('unix://'.length);
  }

  /** The API version that both sides know, e.g. 1.41. */
  apiVersion(): Promise<string> {
    this.#version ??= this.#negotiate();
    return this.#version;
  }

  async #negotiate(): Promise<string> {
    try {
      const answer = await this.#send('GET', '/version');
      const { ApiVersion, MinAPIVersion } = parse<{ ApiVersion: string; MinAPIVersion?: string }>('/version', answer);
      return negotiate(ApiVersion, MinAPIVersion ?? '1.12');
    } catch (error) {
      // It may be starting: the next call asks again.
      this.#version = undefined;
      throw error;
    }
  }

  async get<T>(path: string, query: Readonly<Record<string, string>> = {}): Promise<T> {
    return parse<T>(path, await this.#call('GET', path, { query }));
  }

  async post(
    path: string,
    body?: unknown,
    options: { readonly query?: Readonly<Record<string, string>>; readonly timeoutMs?: number } = {},
  ): Promise<string> {
    return this.#call('POST', path, { ...options, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
  }

  async delete(path: string, query: Readonly<Record<string, string>> = {}): Promise<void> {
    await this.#call('DELETE', path, { query });
  }

  /** `docker load`: the images of an archive. */
  async load(archive: string): Promise<void> {
    const answer = await this.#call('POST', '/images/load', {
      query: { quiet: '1' },
      body: () => createReadStream(archive),
      type: 'application/x-tar',
      timeoutMs: 300_000,
    });
    throwStreamError('/images/load', answer);
  }

  /** `docker pull`: waits until the image is there. */
  async pull(image: string): Promise<void> {
    const answer = await this.#call('POST', '/images/create', { query: pullQuery(image), timeoutMs: 900_000 });
    throwStreamError(`/images/create?fromImage=${image}`, answer);
  }

  /**
   * `docker events`: tells of each until it is told to end.
   * @param filters as /events takes them, such as { type: ['container'] }
   * @throws DockerError when the engine can't be reached, refuses, or ends
   */
  async events(filters: Readonly<Record<string, readonly string[]>>, listener: Listener, signal: AbortSignal) {
    // The engine may be another one than at the last call.
    this.#version = undefined;
    // Also what happens between the answer's head and the engine's own subscription: it is told again from the present second on.
    const since = String(Math.floor(Date.now() / 1000));
    const query = new URLSearchParams({ filters: JSON.stringify(filters), since }).toString();
    const path = `/v${await this.apiVersion()}/events?${query}`;
    await new Promise<void>((resolve, reject) => {
      const ended = (status: number, message: string) =>
        signal.aborted ? resolve() : reject(new DockerError(status, 'GET', '/events', message));
      const broken = (error: NodeJS.ErrnoException) => ended(0, connectionProblem(error, this.#socket, 0));
      request({ socketPath: this.#socket, path, headers: { host: 'docker' }, signal, agent: false }, (answer) => {
        const status = answer.statusCode ?? 0;
        if (status >= 400) {
          text(answer).then((content) => ended(status, messageOf(content)), broken);
          return;
        }
        listener.began();
        answer
          .on('data', listener.noticed)
          .on('error', broken)
          .on('close', () => ended(0, 'the engine ended'));
      })
        .on('error', broken)
        .end();
    });
  }

  async #call(method: string, path: string, options: CallOptions): Promise<string> {
    return this.#send(method, `/v${await this.apiVersion()}${path}`, options);
  }

  #send(method: string, path: string, options: CallOptions = {}): Promise<string> {
    const { query = {}, body, type = 'application/json', timeoutMs = 120_000 } = options;
    const search = new URLSearchParams(query).toString();
    const target = search === '' ? path : `${path}?${search}`;
    return new Promise((resolve, reject) => {
      const fail = (status: number, message: string) => reject(new DockerError(status, method, target, message));
      const broken = (error: NodeJS.ErrnoException) => fail(0, connectionProblem(error, this.#socket, timeoutMs));
      const call = request(
        {
          socketPath: this.#socket,
          method,
          path: target,
          headers: { host: 'docker', ...(body === undefined ? {} : { 'content-type': type }) },
          signal: AbortSignal.timeout(timeoutMs),
          // A connection for each call: one that was kept may be of an engine that has ended since.
          agent: false,
        },
        (answer) => {
          const status = answer.statusCode ?? 0;
          text(answer).then((content) => {
            if (status < 400) resolve(content);
            else fail(status, messageOf(content));
          }, broken);
        },
      );
      call.on('error', broken);
      if (typeof body === 'function') {
        const stream = body();
        call.on('close', () => stream.destroy());
        stream
          .on('error', (error) => {
            reject(error);
            call.destroy();
          })
          .pipe(call);
      } else call.end(body);
    });
  }
}

interface CallOptions {
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: string | (() => Readable);
  readonly type?: string;
  readonly timeoutMs?: number;
}

/** What the engine refused, or that it does not answer (status 0). */
export class DockerError extends Error {
  override readonly name = 'DockerError';
  /** HTTP status; 0: no answer. */
  readonly status: number;

  constructor(status: number, method: string, path: string, message: string) {
    super(`Docker: ${method} ${path}: ${status === 0 ? '' : `${status} `}${message}`);
    this.status = status;
  }
}

/** The newest version that we know and the engine speaks. */
export function negotiate(newest: string, oldest: string): string {
  const known = '1.44';
  if (compare(newest, known) <= 0) return newest;
  return compare(oldest, known) > 0 ? oldest : known;
}

/** Is `version` at least `wanted`? */
export function isAtLeast(version: string, wanted: string): boolean {
  return compare(version, wanted) >= 0;
}

function compare(a: string, b: string): number {
  const [majorA = 0, minorA = 0] = a.split('.').map(Number);
  const [majorB = 0, minorB = 0] = b.split('.').map(Number);
  return majorA - majorB || minorA - minorB;
}

function pullQuery(image: string): Readonly<Record<string, string>> {
  const name = image.slice(image.lastIndexOf('/') + 1);
  return name.includes(':') || name.includes('@') ? { fromImage: image } : { fromImage: image, tag: 'latest' };
}

function parse<T>(path: string, answer: string): T {
  try {
    return JSON.parse(answer) as T;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new DockerError(200, 'GET', path, `the answer is no JSON: ${answer.slice(0, 100)}`);
  }
}

function messageOf(content: string): string {
  try {
    const { message } = JSON.parse(content) as { message?: unknown };
    if (typeof message === 'string') return message;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  return content.trim();
}

/** Load and pull answer 200 first and tell of a failure in their stream of JSON lines. */
function throwStreamError(path: string, stream: string): void {
  for (const line of stream.split('\n')) {
    if (!line.includes('"error"')) continue;
    const { error } = JSON.parse(line) as { error?: string };
    if (error !== undefined) throw new DockerError(200, 'POST', path, error);
  }
}

function connectionProblem(error: NodeJS.ErrnoException, socket: string, timeoutMs: number): string {
  if (error.name === 'AbortError' || error.name === 'TimeoutError') return `no answer within ${timeoutMs} ms`;
  if (error.code === 'ENOENT' || error.code === 'ECONNREFUSED') {
    return `no Docker Engine answers at ${socket} (${error.code}); start it, or set DOCKER_HOST`;
  }
  if (error.code === 'EACCES') return `no permission for ${socket}; run as root`;
  return error.message;
}
