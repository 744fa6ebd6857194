import type { CloudMessage } from './cloud-connection.ts';

/** `mqtt.spooler.maxSizeInBytes` of the nucleus' configuration, by default. */
export const SPOOL_BYTES = 2.5 * 1024 * 1024;

/** A message that the spooler doesn't take. */
export class SpoolError extends Error {
  override readonly name = 'SpoolError';
}

interface Sender {
  readonly isConnected: boolean;
  publish(message: CloudMessage): Promise<void>;
}

/**
 * What components publish to the cloud waits here, in memory, and goes out in order. When it is full the oldest messages of QoS 0 make room; if
 * that isn't enough the new one is refused, as the nucleus does.
 */
export class Spooler {
  readonly #sender: Sender;
  readonly #maxBytes: number;
  readonly #waiting: CloudMessage[] = [];
  #bytes = 0;
  #isSending = false;

  constructor(sender: Sender, maxBytes: number = SPOOL_BYTES) {
    this.#sender = sender;
    this.#maxBytes = maxBytes;
  }

  get size(): number {
    return this.#waiting.length;
  }

  /** Returns when it is stored, not when it is out. @throws SpoolError with the nucleus' words */
  add(message: CloudMessage): void {
    if (message.qos === 0 && !this.#sender.isConnected) {
      throw new SpoolError('Device is offline. Dropping QoS 0 message.');
    }
    const { length } = message.payload;
    if (length > this.#maxBytes) throw new SpoolError('Message is larger than the size of message spool.');
    for (let index = 0; index < this.#waiting.length && this.#bytes + length > this.#maxBytes; ) {
      if (this.#waiting[index]?.qos === 0) this.#remove(index);
      else index++;
    }
    if (this.#bytes + length > this.#maxBytes) {
      throw new SpoolError('Message spool is full. Message could not be added.');
    }
    this.#waiting.push(message);
    this.#bytes += length;
    void this.send();
  }

  /** To be called whenever the connection is there again. */
  async send(): Promise<void> {
    if (this.#isSending) return;
    this.#isSending = true;
    try {
      for (let first = this.#waiting[0]; first !== undefined && this.#sender.isConnected; first = this.#waiting[0]) {
        await this.#sender.publish(first);
        // It may have made room for another one meanwhile.
        if (this.#waiting[0] === first) this.#remove(0);
      }
    } catch {
      // It stays the first, and goes out when there is a connection.
    } finally {
      this.#isSending = false;
    }
  }

  #remove(index: number): void {
    const [removed] = this.#waiting.splice(index, 1);
    this.#bytes -= removed?.payload.length ?? 0;
  }
}
