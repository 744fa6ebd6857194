import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { TLSSocket } from 'node:tls';
import type { JsonObject } from '../shadow/json.ts';
import { credentialsOf, readCredentials } from './certificates.ts';
import type { CloudConfiguration } from './configuration.ts';
import { mayPublish, mayUse, OPERATOR, SERVER } from './identities.ts';
import type { MqttDoor } from './mqtt-door.ts';
import { errorType, type RestRequest, route, tokenOf } from './rest-routes.ts';
import type { ShadowService } from './shadow-service.ts';
import type { ShadowStore } from './store.ts';

interface Surroundings {
  readonly configuration: CloudConfiguration;
  readonly service: ShadowService;
  readonly store: ShadowStore;
  readonly broker: MqttDoor;
}

interface Reply {
  readonly status: number;
  readonly body: JsonObject;
}

const LARGEST_BODY = 131_072;
const error = (status: number, message: string): Reply => ({ status, body: { message } });
const FORBIDDEN = error(403, 'Forbidden');

/** The REST data plane. Who has a certificate may do what it allows; who has none must sign, with whichever credentials. */
export async function openRestDoor(surroundings: Surroundings): Promise<Server> {
  const { directory, host, ports } = surroundings.configuration;
  const own = await readCredentials(credentialsOf(directory, `${SERVER}-${host}`));
  const server = createServer({ ...own, minVersion: 'TLSv1.2', requestCert: true, rejectUnauthorized: false });
  // A certificate may be left out; one of somebody else's authority may not be shown.
  server.on('secureConnection', (socket) => {
    if (commonNameOf(socket) !== null && !socket.authorized) socket.destroy();
  });
  server.on('request', (request, response) => {
    answer(request, surroundings)
      .catch((cause: unknown) => {
        console.error(`${request.method} ${request.url}:`, cause);
        return error(500, 'Internal service failure');
      })
      .then(({ status, body }) => {
        const type = status < 400 ? {} : { 'x-amzn-ErrorType': errorType(status) };
        response.writeHead(status, { 'content-type': 'application/json', ...type }).end(JSON.stringify(body));
      })
      .catch((cause: unknown) => console.error(`${request.method} ${request.url}:`, cause));
  });
  server.listen(ports.https, host);
  await once(server, 'listening');
  return server;
}

async function answer(request: IncomingMessage, surroundings: Surroundings): Promise<Reply> {
  const who = whoAsks(request);
  if (who === null) return error(403, 'Missing Authentication Token');
  const wanted = route(request.method ?? '', request.url ?? '');
  if ('status' in wanted) return error(wanted.status, wanted.message);
  const payload = await bodyOf(request);
  if (payload === null) return error(413, 'The payload exceeds the maximum size allowed');
  return isAllowed(who, wanted) ? await carryOut(wanted, payload, surroundings) : FORBIDDEN;
}

function isAllowed(who: string, wanted: RestRequest): boolean {
  switch (wanted.kind) {
    case 'shadow':
      return mayUse(who, wanted.name.thing);
    case 'list':
      return mayUse(who, wanted.thing);
    case 'publish':
      return mayPublish(who, wanted.topic);
  }
}

async function carryOut(
  wanted: RestRequest,
  payload: Buffer,
  { service, store, broker }: Surroundings,
): Promise<Reply> {
  switch (wanted.kind) {
    case 'shadow': {
      const answered = await service.request(wanted.name, wanted.operation, payload, 'rest');
      return { status: answered.accepted ? 200 : answered.error.code, body: answered.response };
    }
    case 'list': {
      const left = store.namedShadows(wanted.thing).filter((name) => name > wanted.after);
      const results = left.slice(0, wanted.pageSize);
      const last = left.length > results.length ? results.at(-1) : undefined;
      const more = last === undefined ? {} : { nextToken: tokenOf(last) };
      return { status: 200, body: { results, ...more, timestamp: Math.floor(Date.now() / 1000) } };
    }
    case 'publish':
      broker.publish(wanted.topic, payload, wanted);
      return { status: 200, body: { message: 'OK' } };
  }
}

/** The common name; a signature counts as an operator's. null: neither. */
function whoAsks(request: IncomingMessage): string | null {
  const name = commonNameOf(request.socket as TLSSocket);
  if (name !== null) return name;
  return request.headers.authorization?.startsWith('AWS4-HMAC-SHA256 ') === true ? OPERATOR : null;
}

function commonNameOf(socket: TLSSocket): string | null {
  const { subject } = socket.getPeerCertificate();
  return subject === undefined ? null : String(subject.CN);
}

/** null: too large. */
async function bodyOf(request: IncomingMessage): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= LARGEST_BODY) chunks.push(chunk);
  }
  return size > LARGEST_BODY ? null : Buffer.concat(chunks);
}
