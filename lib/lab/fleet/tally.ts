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

  /** As it stands now; plain JSON. */
  look(): TallyLook {
    const { sent, heard, ...counts } = this;
    return { ...counts, sent: sent.look(), heard: heard.look() };
  }
}

/** By what they are about. */
export type TrafficLook = Readonly<Record<string, { readonly messages: number; readonly bytes: number }>>;
export interface TallyLook extends Readonly<Record<'asked' | 'answered' | 'refused' | 'repeated', number>> {
  readonly sent: TrafficLook;
  readonly heard: TrafficLook;
}

/** Messages by what they are about; sizes are those of topic and payload, without headers. */
export class Traffic {
  readonly #kinds: Record<string, { readonly messages: number; readonly bytes: number }> = {};

  count(kind: string, topic: string, payload: number): void {
    const { messages, bytes } = this.#kinds[kind] ?? { messages: 0, bytes: 0 };
    this.#kinds[kind] = { messages: messages + 1, bytes: bytes + Buffer.byteLength(topic) + payload };
  }

  look(): TrafficLook {
    return { ...this.#kinds };
  }
}
