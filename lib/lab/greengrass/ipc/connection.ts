import type { Socket } from 'node:net';
import * as z from 'zod';
import { IpcError } from './error.ts';
import { encodeMessage, Flag, type Message, MessageReader, MessageType } from './message.ts';
import type { Operation, Operations, Shape, Subscription } from './operation.ts';

/** Who doesn't read what he subscribed to may leave so many bytes lying; then he is hung up on. */
const MAX_UNREAD = 32 * 1024 * 1024;
const PREFIX = 'aws.greengrass#';
const VERSION = '0.1.0';
const ConnectPayload = z.object({ authToken: z.string() });

/** What all connections have in common. */
export interface Service {
  /** Which component has this token (SVCUID)? */
  authenticate(token: string): string | undefined;
  readonly operations: Operations;
  /** What an operator would want to know: refused tokens, broken messages, errors of ours. */
  log(line: string): void;
}

interface Stream {
  /** Not known yet while the operation is being answered. */
  subscription?: Subscription;
  closed: boolean;
}

/** One client's connection: the handshake, then streams of which each is one call. */
export class Connection {
  component: string | undefined;
  readonly #socket: Socket;
  readonly #service: Service;
  readonly #streams = new Map<number, Stream>();

  constructor(socket: Socket, service: Service) {
    this.#socket = socket;
    this.#service = service;
    const reader = new MessageReader();
    socket.on('data', (piece) => {
      try {
        for (const message of reader.push(piece)) this.#receive(message);
      } catch (error) {
        this.#refuse(error instanceof Error ? error.message : String(error));
      }
    });
    socket.on('error', () => socket.destroy());
    socket.once('close', () => {
      for (const id of this.#streams.keys()) this.#close(id);
    });
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #receive(message: Message): void {
    if (this.#socket.destroyed) return;
    const { type } = message;
    if (type === MessageType.connect) this.#connect(message);
    else if (this.component === undefined) this.#refuse('the first message has to be a connect');
    else if (type === MessageType.application) this.#receiveOnStream(message);
    else if (type === MessageType.ping) this.#send({ ...message, type: MessageType.pong, flags: 0, headers: {} });
    else if (type !== MessageType.pong) this.#refuse(`a client doesn't send messages of type ${type}`);
  }

  #connect({ headers, payload, stream }: Message): void {
    const parsed = ConnectPayload.safeParse(parseJson(payload));
    const component = parsed.success ? this.#service.authenticate(parsed.data.authToken) : undefined;
    const isAccepted = stream === 0 && headers[':version'] === VERSION && component !== undefined;
    const flags = isAccepted && this.component === undefined ? Flag.accepted : 0;
    this.#send({ type: MessageType.connectAck, flags, stream: 0, headers: {}, payload: new Uint8Array() });
    if (flags === Flag.accepted) this.component = component;
    else {
      this.#service.log('ipc: a client was refused: its token is no component’s, or its handshake is wrong');
      this.#socket.end();
    }
  }

  #receiveOnStream(message: Message): void {
    const { stream: id, flags } = message;
    if (id <= 0) {
      this.#refuse(`an application message needs a stream, not ${id}`);
      return;
    }
    const isLast = (flags & Flag.terminateStream) !== 0;
    if (this.#streams.has(id)) {
      // No operation served here takes a second message of its client, other than that he is done.
      if (isLast) this.#close(id);
      return;
    }
    const name = message.headers.operation;
    if (isLast || name === undefined) return;
    const stream: Stream = { closed: false };
    this.#streams.set(id, stream);
    void this.#perform(id, stream, name, message.payload);
  }

  async #perform(id: number, stream: Stream, fullName: string, payload: Uint8Array): Promise<void> {
    const name = fullName.startsWith(PREFIX) ? fullName.slice(PREFIX.length) : '';
    const operation = Object.hasOwn(this.#service.operations, name) ? this.#service.operations[name] : undefined;
    try {
      // As the nucleus' RPC server answers an operation for which nobody has registered a handler.
      if (operation === undefined) this.#sendText(id, `Unsupported operation: ${fullName}`);
      else await this.#answer(id, stream, name, operation, payload);
    } catch (error) {
      if (error instanceof IpcError) {
        const shape = { name: error.code, value: error.body };
        this.#sendShape(id, shape, MessageType.applicationError, Flag.terminateStream);
      } else {
        this.#service.log(`ipc: ${name} of ${this.component}: ${error instanceof Error ? error.stack : String(error)}`);
        this.#sendText(id, 'InternalServerError');
      }
    } finally {
      if (operation?.kind !== 'streaming' || stream.subscription === undefined) this.#close(id);
    }
  }

  async #answer(id: number, stream: Stream, name: string, operation: Operation, payload: Uint8Array): Promise<void> {
    const request = checkRequest(operation, payload);
    const component = this.component ?? '';
    const response = `${name}Response`;
    if (operation.kind === 'unary') {
      const value = await operation.answer(request, { component });
      this.#sendShape(id, { name: response, value }, MessageType.application, Flag.terminateStream);
      return;
    }
    let early: Shape[] | undefined = [];
    const send = (event: Shape) => {
      if (early !== undefined) early.push(event);
      else if (!stream.closed) this.#sendShape(id, event, MessageType.application, 0);
    };
    const subscription = await operation.subscribe(request, { component, send });
    // The client, or the whole connection, may be gone by now.
    if (stream.closed) {
      subscription.close();
      return;
    }
    stream.subscription = subscription;
    this.#sendShape(id, { name: response, value: subscription.answer }, MessageType.application, 0);
    const waiting = early;
    early = undefined;
    for (const event of waiting) send(event);
  }

  #close(id: number): void {
    const stream = this.#streams.get(id);
    if (stream === undefined) return;
    stream.closed = true;
    this.#streams.delete(id);
    stream.subscription?.close();
  }

  #sendShape(stream: number, { name, value }: Shape, type: number, flags: number): void {
    const headers = { ':content-type': 'application/json', 'service-model-type': `${PREFIX}${name}` };
    this.#send({ type, flags, stream, headers, payload: Buffer.from(JSON.stringify(value ?? {})) });
  }

  /** An error that the service model doesn't know. */
  #sendText(stream: number, text: string): void {
    const headers = { ':content-type': 'text/plain' };
    const payload = Buffer.from(text);
    this.#send({ type: MessageType.applicationError, flags: Flag.terminateStream, stream, headers, payload });
  }

  /** What came can't be understood; so neither can what follows. */
  #refuse(why: string): void {
    this.#service.log(`ipc: connection of ${this.component ?? 'somebody unknown'} closed: ${why}`);
    const payload = Buffer.from(JSON.stringify({ message: why }));
    this.#send({ type: MessageType.protocolError, flags: 0, stream: 0, headers: {}, payload });
    this.#socket.end();
    this.#socket.removeAllListeners('data');
    this.#socket.resume();
  }

  #send(message: Message): void {
    if (!this.#socket.writable) return;
    this.#socket.write(encodeMessage(message));
    if (this.#socket.writableLength > MAX_UNREAD) {
      this.#service.log(`ipc: ${this.component} doesn't read its messages and is hung up on`);
      this.#socket.destroy();
    }
  }
}

/** @throws Error if it isn't JSON; IpcError if it isn't the operation's request. */
function checkRequest(operation: Operation, payload: Uint8Array): unknown {
  const value = parseJson(payload);
  if (value === undefined) throw new Error('the request is not JSON');
  const parsed = operation.request.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new IpcError('InvalidArgumentsError', `${issue?.path.join('.') || 'request'}: ${issue?.message ?? 'invalid'}`);
}

function parseJson(payload: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(payload).toString('utf8'));
  } catch {
    return undefined;
  }
}
