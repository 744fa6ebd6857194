import { once } from 'node:events';
import type { IncomingMessage, RequestListener } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { TLSSocket } from 'node:tls';
import { credentialsOf, readCredentials } from './certificates.ts';
import type { CloudConfiguration } from './configuration.ts';
import { OPERATOR, SERVER } from './identities.ts';
import { answerRest, type RestReply, type RestSurroundings } from './rest-answer.ts';

const LARGEST_BODY = 131_072;

/** The REST interfaces. Who has a certificate may do what it allows; who has none must sign, with whichever credentials. */
export async function openRestDoor(configuration: CloudConfiguration, surroundings: RestSurroundings): Promise<Server> {
  const { directory, host, ports } = configuration;
  const own = await readCredentials(credentialsOf(directory, `${SERVER}-${host}`));
  const server = createServer({ ...own, minVersion: 'TLSv1.2', requestCert: true, rejectUnauthorized: false });
  // A certificate may be left out; one of somebody else's authority may not be shown.
  server.on('secureConnection', (socket) => {
    if (commonNameOf(socket) !== null && !socket.authorized) socket.destroy();
  });
  server.on('request', restListener(surroundings));
  server.listen(ports.https, host);
  await once(server, 'listening');
  return server;
}

/** What a server does with a request, with TLS or without. */
export function restListener(surroundings: RestSurroundings): RequestListener {
  return (request, response) => {
    questionOf(request)
      .then((question) => answerRest(question, surroundings))
      .catch((cause: unknown): RestReply => {
        console.error(`${request.method} ${request.url}:`, cause);
        return { status: 500, type: 'InternalFailureException', body: { message: 'Internal service failure' } };
      })
      .then(({ status, type, body, contentType = 'application/json' }) => {
        const headers = { 'content-type': contentType, ...(type !== undefined && { 'x-amzn-ErrorType': type }) };
        response.writeHead(status, headers).end(Buffer.isBuffer(body) ? body : JSON.stringify(body));
      })
      .catch((cause: unknown) => console.error(`${request.method} ${request.url}:`, cause));
  };
}

async function questionOf(request: IncomingMessage) {
  const action = request.headers['x-amz-target'];
  return {
    ...{ who: whoAsks(request), method: request.method ?? '', target: request.url ?? '' },
    action: typeof action === 'string' ? action : undefined,
    authorization: request.headers.authorization,
    payload: await bodyOf(request),
  };
}

/** The common name; a signature counts as an operator's. null: neither. */
function whoAsks(request: IncomingMessage): string | null {
  const { socket } = request;
  const name = 'getPeerCertificate' in socket ? commonNameOf(socket as TLSSocket) : null;
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
