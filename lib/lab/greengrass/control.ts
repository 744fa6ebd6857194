import { rm } from 'node:fs/promises';
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import * as z from 'zod';

/** What can be asked of a running Greengrass, one request a connection. */
export const Request = z.discriminatedUnion('do', [
  z.object({ do: z.literal('status') }),
  z.object({ do: z.literal('stop') }),
  z.object({ do: z.literal('deploy'), document: z.unknown(), recipes: z.string(), artifacts: z.string() }),
]);
export type Request = z.infer<typeof Request>;

const socketOf = (root: string) => join(root, 'control.socket');

/** Serves requests on a socket that only its owner may use. @throws Error if somebody else does that already */
export async function serveControl(root: string, answer: (request: Request) => Promise<unknown>): Promise<Server> {
  const path = socketOf(root);
  if (await isServed(path)) throw new Error(`another Greengrass runs in ${root}`);
  await rm(path, { force: true });
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => socket.destroy());
    void readAll(socket)
      .then((raw) => answer(Request.parse(JSON.parse(raw))))
      .then(
        (value) => ({ value }),
        (error: unknown) => ({ error: error instanceof Error ? error.message : String(error) }),
      )
      .then((reply) => socket.end(JSON.stringify(reply)));
  });
  const umask = process.umask(0o077);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
  process.umask(umask);
  return server;
}

/** @throws Error if none runs there, or it refuses */
export async function askControl(root: string, request: Request): Promise<unknown> {
  const socket = createConnection({ path: socketOf(root), allowHalfOpen: true });
  socket.end(JSON.stringify(request));
  let raw: string;
  try {
    raw = await readAll(socket);
  } catch (error) {
    throw new Error(`no Greengrass runs in ${root}`, { cause: error });
  }
  if (raw === '') throw new Error(`the Greengrass in ${root} ended without an answer`);
  const reply: { value?: unknown; error?: string } = JSON.parse(raw);
  if (reply.error !== undefined) throw new Error(reply.error);
  return reply.value;
}

/** What the other end says until it is done. A stream's consumers would destroy the socket then, and there would be no answer. */
async function readAll(socket: Socket): Promise<string> {
  const pieces: Buffer[] = [];
  socket.on('data', (piece) => pieces.push(piece));
  await new Promise<void>((resolve, reject) => {
    socket.once('end', resolve);
    socket.once('error', reject);
    socket.once('close', resolve);
  });
  return Buffer.concat(pieces).toString();
}

async function isServed(path: string): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = createConnection(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
