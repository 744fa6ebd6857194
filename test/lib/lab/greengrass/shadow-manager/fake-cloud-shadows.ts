import type { CloudMessage } from '../../../../../lib/lab/greengrass/mqtt/cloud-connection.ts';
import { deleteShadow, exists, getShadow, type Shadow, updateShadow } from '../../../../../lib/lab/shadow/shadow.ts';
import { messages, parseRequestTopic } from '../../../../../lib/lab/shadow/topics.ts';
import { FakeCloud } from '../mqtt/fake-cloud.ts';

/** The cloud's shadow service in memory, with the semantics of lib/lab/shadow; anybody else in the cloud writes by `write`. */
export class FakeCloudShadows extends FakeCloud {
  readonly shadows = new Map<string, Shadow>();
  /** Requests of the device, by operation. */
  readonly requests: string[] = [];
  /** Called before a request is answered. */
  before: (operation: string) => void = () => undefined;

  constructor() {
    super();
    this.receive = (message) => {
      const request = parseRequestTopic(message.topic);
      if (request === null) return;
      this.requests.push(request.operation);
      this.before(request.operation);
      this.#answer(message);
    };
  }

  /** An update from somewhere else in the cloud. */
  write(shadow: string, state: object): void {
    const topic = `$aws/things/t/shadow/name/${shadow}/update`;
    this.#answer({ topic, payload: Buffer.from(JSON.stringify({ state })), qos: 1 });
  }

  delete(shadow: string): void {
    this.#answer({ topic: `$aws/things/t/shadow/name/${shadow}/delete`, payload: Buffer.alloc(0), qos: 1 });
  }

  state(shadow: string): unknown {
    const document = this.shadows.get(`t/${shadow}`);
    return exists(document) ? document.state : undefined;
  }

  #answer({ topic, payload }: CloudMessage): void {
    const name = parseRequestTopic(topic);
    if (name === null) return;
    const key = `${name.thing}/${name.shadow}`;
    const shadow = this.shadows.get(key);
    const at = Math.floor(Date.now() / 1000);
    const answer =
      name.operation === 'update'
        ? updateShadow(shadow, payload, at)
        : (name.operation === 'get' ? getShadow : deleteShadow)(shadow, name.shadow, payload, at);
    if (answer.accepted) this.shadows.set(key, answer.shadow);
    for (const { topic: to, payload: body } of messages(name, name.operation, answer)) {
      this.deliver({ topic: to, payload: Buffer.from(JSON.stringify(body)), qos: 1 });
    }
  }
}
