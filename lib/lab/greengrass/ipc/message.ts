import { EventStreamCodec, type MessageHeaders } from '@smithy/eventstream-codec';

/** What a message is (aws-c-event-stream, event_stream_rpc.h). */
export const MessageType = {
  application: 0,
  applicationError: 1,
  ping: 2,
  pong: 3,
  connect: 4,
  connectAck: 5,
  protocolError: 6,
  internalError: 7,
} as const;

export const Flag = { accepted: 1, terminateStream: 2 } as const;

/** A message of event-stream RPC. */
export interface Message {
  readonly type: number;
  readonly flags: number;
  /** 0: it concerns the connection. */
  readonly stream: number;
  /** Text headers, without the three of the protocol. */
  readonly headers: Readonly<Record<string, string>>;
  readonly payload: Uint8Array;
}

/** In bytes (AWS_EVENT_STREAM_MAX_MESSAGE_SIZE). */
const MAX_LENGTH = 24 * 1024 * 1024;
/** Two lengths, their checksum and the message's. */
const MIN_LENGTH = 16;

const codec = new EventStreamCodec(
  (bytes) => (typeof bytes === 'string' ? bytes : Buffer.from(bytes).toString('utf8')),
  (text) => Buffer.from(text, 'utf8'),
);

export function encodeMessage({ type, flags, stream, headers, payload }: Message): Uint8Array {
  const all: MessageHeaders = {
    ':message-type': { type: 'integer', value: type },
    ':message-flags': { type: 'integer', value: flags },
    ':stream-id': { type: 'integer', value: stream },
  };
  for (const [name, value] of Object.entries(headers)) all[name] = { type: 'string', value };
  return codec.encode({ headers: all, body: payload });
}

/** @throws Error if a checksum is wrong, or a header of the protocol is missing. */
function decodeMessage(frame: Uint8Array): Message {
  const { headers, body } = codec.decode(frame);
  const number = (name: string): number => {
    const header = headers[name];
    if (header?.type !== 'integer') throw new Error(`a message needs the header ${name}, a 32-bit number`);
    return header.value;
  };
  const texts: Record<string, string> = {};
  for (const [name, header] of Object.entries(headers)) if (header.type === 'string') texts[name] = header.value;
  return {
    ...{ type: number(':message-type'), flags: number(':message-flags'), stream: number(':stream-id') },
    ...{ headers: texts, payload: body },
  };
}

/** Puts messages together from whatever pieces a socket gives. */
export class MessageReader {
  #pieces: Buffer = Buffer.alloc(0);

  /** @throws Error if what came is no message; then nothing that follows can be understood. */
  push(piece: Buffer): Message[] {
    this.#pieces = this.#pieces.length === 0 ? piece : Buffer.concat([this.#pieces, piece]);
    const messages: Message[] = [];
    while (this.#pieces.length >= 4) {
      const length = this.#pieces.readUInt32BE(0);
      if (length < MIN_LENGTH || length > MAX_LENGTH) throw new Error(`a message can't have ${length} bytes`);
      if (this.#pieces.length < length) break;
      messages.push(decodeMessage(this.#pieces.subarray(0, length)));
      this.#pieces = this.#pieces.subarray(length);
    }
    return messages;
  }
}
