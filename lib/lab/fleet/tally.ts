/** What simulated trucks have sent and heard, and what became of it. */
export class Tally {
  readonly sent = new Traffic();
  readonly heard = new Traffic();
  /** Requests of which the cloud has to say what came of them: shadow updates and gets, jobs. */
  asked = 0;
  answered = 0;
  /** Of them: refused, or lost with a connection and asked again. */
  refused = 0;
  repeated = 0;
}

/** Messages by what they are about; sizes are those of topic and payload, without headers. */
export class Traffic {
  readonly #kinds: Record<string, { readonly messages: number; readonly bytes: number }> = {};

  count(kind: string, topic: string, payload: number): void {
    const { messages, bytes } = this.#kinds[kind] ?? { messages: 0, bytes: 0 };
    this.#kinds[kind] = { messages: messages + 1, bytes: bytes + Buffer.byteLength(topic) + payload };
  }

  toJSON() {
    return this.#kinds;
  }
}
