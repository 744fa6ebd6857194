import mqtt, { type MqttClient } from 'mqtt';
import {
  echoTopic,
  evidenceTopic,
  type NetworkState,
  networkReported,
  type ShadowName,
  shadowTopic,
  type Wish,
  wishId,
} from '../../shadow/index.ts';
import { jobsTopic } from '../cloud/account/jobs/topics.ts';
import { isObject, type Json, type JsonObject, member } from '../shadow/json.ts';
import type { InForce, Reports } from './reports.ts';
import type { Tally } from './tally.ts';
import type { Traits } from './traits.ts';

/** What all simulated trucks have in common. */
export interface Surroundings {
  readonly host: string;
  readonly port: number;
  readonly reports: Reports;
  readonly tally: Tally;
  /** How long applying a policy takes, milliseconds. */
  readonly applyMs: number;
}

export interface Credentials {
  readonly ca: Buffer;
  readonly cert: Buffer;
  readonly key: Buffer;
}

/** Versions of components, as a deployment names them. */
export type Components = Readonly<Record<string, string>>;

/** How long a request may stay unanswered before it is asked again. */
const ANSWER_WITHIN_MS = 30_000;
/** So often it is measured, when nothing changes (isolation tester). */
const MEASURE_EVERY_MS = 60_000;
const AGENT = 'com.firebreak.NetworkManager';

/**
 * A truck that is nothing but its conversation with the cloud: it takes its policy from its shadow, its components from jobs, and reports as the
 * components do. It has a connection and a certificate of its own; it builds and measures nothing.
 */
export class SimulatedTruck {
  readonly thing: string;
  readonly #own: Surroundings;
  readonly #traits: Traits;
  #client: MqttClient | null = null;
  #components: Components;
  #inForce: InForce | null = null;
  #wish: Wish | null = null;
  #desiredBytes = 0;
  #status: NetworkState['status'] = 'no-policy';
  /** Of each kind of request the one that waits for its answer: a newer one takes its place. */
  readonly #open = new Map<
    string,
    { readonly token: string; readonly again: () => void; readonly timer: NodeJS.Timeout }
  >();
  #tokens = 0;
  #applying: NodeJS.Timeout | null = null;

  constructor(thing: string, traits: Traits, components: Components, own: Surroundings) {
    this.thing = thing;
    this.#traits = traits;
    this.#components = components;
    this.#own = own;
  }

  get state() {
    return {
      connected: this.#client?.connected === true,
      status: this.#status,
      revision: this.#inForce?.policy.revision.id ?? null,
      components: this.#components,
      busy: this.#open.size > 0 || this.#applying !== null,
    };
  }

  /** Returns when it has its subscriptions; then it asks what it has missed. @throws Error */
  async connect(credentials: Credentials): Promise<void> {
    const { host, port } = this.#own;
    const client = await mqtt.connectAsync({
      ...credentials,
      ...{ protocol: 'mqtts', host, port, clientId: this.thing, protocolVersion: 4 },
      ...{ clean: true, reconnectPeriod: 0, keepalive: 600, connectTimeout: 120_000 },
    });
    this.#client = client;
    client.on('error', () => undefined);
    client.on('message', (topic, payload) => this.#hear(topic, payload));
    // At most eight in a request (AWS IoT Core quotas).
    await client.subscribeAsync(
      [
        `${shadowTopic(this.thing, 'network')}/update/delta`,
        `${shadowTopic(this.thing, 'network')}/get/+`,
        ...SHADOW_ANSWERS.map((suffix) => `$aws/things/${this.thing}/shadow/name/+/${suffix}`),
        ...JOB_ANSWERS.map((suffix) => jobsTopic(this.thing, suffix)),
      ],
      { qos: 1 },
    );
    // What nobody has answered before the connection went.
    for (const { again } of [...this.#open.values()]) again();
    this.#ask('get network', `${shadowTopic(this.thing, 'network')}/get`, {});
    this.#ask('next job', jobsTopic(this.thing, '$next/get'), {});
  }

  /** Gone at once, without a word; nothing that it was about to do is done. */
  disconnect(): void {
    if (this.#applying !== null) clearTimeout(this.#applying);
    this.#applying = null;
    // What was begun is begun again when it is back.
    this.#wish = null;
    for (const { timer } of this.#open.values()) clearTimeout(timer);
    this.#client?.end(true);
    this.#client = null;
  }

  /** What it measures every hour, though nothing has changed. */
  beat(): void {
    if (this.#client?.connected === true) this.#tellIsolation();
  }

  /** From now on it hears what it says to itself by way of the broker, as the network manager does to prove its connection alive. */
  async hearItself(): Promise<void> {
    await this.#client?.subscribeAsync(echoTopic(this.thing), { qos: 1 });
  }

  /** Says something to itself, and has heard it. */
  async echo(): Promise<void> {
    const client = this.#client;
    const topic = echoTopic(this.thing);
    const back = new Promise<void>((resolve) => {
      const hear = (heard: string) => {
        if (heard !== topic) return;
        client?.off('message', hear);
        resolve();
      };
      client?.on('message', hear);
    });
    this.#publish('echo', topic, '{}');
    await back;
  }

  #hear(topic: string, payload: Buffer): void {
    const kind = kindOf(topic);
    this.#own.tally.heard.count(kind, topic, payload.length);
    const message = JSON.parse(payload.toString()) as Json;
    if (topic.endsWith('/accepted') || topic.endsWith('/rejected')) this.#close(topic, message);
    if (topic.endsWith('/get/accepted') && kind === 'shadow')
      this.#consider(member(member(message, 'state'), 'desired'));
    // Nothing that is desired is ever reported under the same key, so the difference is all of it.
    if (topic.endsWith('/update/delta')) this.#consider(member(message, 'state'));
    if (topic.endsWith('/jobs/notify-next') || topic.endsWith('/$next/get/accepted'))
      this.#next(member(message, 'execution'));
    if (topic.endsWith('/start-next/accepted')) this.#deploy(member(message, 'execution'));
  }

  /** Once for each wish, as the network manager does. */
  #consider(section: Json | undefined): void {
    const known = this.#wish;
    if (known !== null && 'id' in known && known.id === wishId(section)) return;
    const wish = this.#own.reports.wish(section, this.thing, this.#inForce?.policy.revision.sequence);
    this.#wish = wish;
    this.#desiredBytes = section === undefined ? 0 : Buffer.byteLength(JSON.stringify(section));
    if (wish.kind === 'refused') this.#tellNetwork('refused', wish);
    if (wish.kind !== 'policy') return;
    const isInForce = wish.policy.revision.id === this.#inForce?.policy.revision.id;
    this.#tellNetwork(isInForce ? 'applied' : 'applying', wish);
    if (this.#applying !== null) clearTimeout(this.#applying);
    this.#applying = isInForce ? null : setTimeout(() => this.#applied(wish), this.#own.applyMs);
  }

  #applied(wish: Extract<Wish, { readonly kind: 'policy' }>): void {
    this.#applying = null;
    if (this.#traits.applies === 'applied') this.#inForce = wish;
    this.#tellNetwork(this.#traits.applies, wish);
    this.#tellIsolation();
  }

  #tellNetwork(status: NetworkState['status'], wish: Exclude<Wish, { readonly kind: 'nothing' }>): void {
    this.#status = status;
    const present = this.#inForce?.policy.revision;
    const document = networkReported(
      {
        status,
        ...(present && { revision: present }),
        desired: { id: wish.id, ...(wish.kind === 'policy' && { revision: wish.policy.revision }) },
        ...(status === 'rolled-back' && { why: 'as the simulation wishes' }),
        ...(wish.kind === 'refused' && { problems: wish.problems }),
        agent: this.#components[AGENT] ?? '',
        at: Date.now(),
      },
      this.#desiredBytes,
    );
    this.#report('network', { ...document });
  }

  #tellIsolation(): void {
    if (this.#inForce === null) return;
    const agent = this.#components[AGENT] ?? '';
    const { reports } = this.#own;
    const { reported, parts } = reports.isolation(
      this.thing,
      this.#inForce,
      this.#traits,
      agent,
      Date.now(),
      MEASURE_EVERY_MS,
    );
    for (const part of parts) this.#publish('evidence', evidenceTopic(this.thing), JSON.stringify(part));
    this.#report('isolation', { ...reported });
  }

  #report(shadow: ShadowName, reported: object): void {
    this.#ask(shadow, `${shadowTopic(this.thing, shadow)}/update`, { state: { reported } });
  }

  /** What is next of its jobs: it is begun, unless it is under way. */
  #next(execution: Json | undefined): void {
    if (member(execution, 'status') === 'IN_PROGRESS') this.#deploy(execution);
    else if (execution !== undefined) this.#ask('start job', jobsTopic(this.thing, 'start-next'), {});
  }

  /** As the nucleus does with a deployment whose failure policy is to roll back. */
  #deploy(execution: Json | undefined): void {
    const jobId = member(execution, 'jobId');
    if (typeof jobId !== 'string') return;
    const wanted = versionsIn(member(member(execution, 'jobDocument'), 'components'));
    const isNews = Object.entries(wanted).some(([name, version]) => this.#components[name] !== version);
    const status = isNews ? this.#traits.deploys : 'SUCCEEDED';
    if (status === 'SUCCEEDED') this.#components = wanted;
    this.#ask('job', jobsTopic(this.thing, `${jobId}/update`), { status });
  }

  #ask(kind: string, topic: string, request: JsonObject | object): void {
    const { tally } = this.#own;
    const token = `${this.thing}-${++this.#tokens}`;
    const before = this.#open.get(kind);
    if (before === undefined) tally.asked++;
    else clearTimeout(before.timer);
    const again = () => {
      tally.repeated++;
      this.#ask(kind, topic, request);
    };
    this.#open.set(kind, { token, again, timer: setTimeout(again, ANSWER_WITHIN_MS) });
    this.#publish(kindOf(topic), topic, JSON.stringify({ ...request, clientToken: token }));
  }

  #close(topic: string, message: Json): void {
    const token = member(message, 'clientToken');
    for (const [kind, { token: known, timer }] of this.#open) {
      if (known !== token) continue;
      clearTimeout(timer);
      this.#open.delete(kind);
      this.#own.tally.answered++;
      // A truck without a shadow is told so.
      if (topic.endsWith('/rejected') && member(message, 'code') !== 404) this.#own.tally.refused++;
    }
  }

  #publish(kind: string, topic: string, payload: string): void {
    if (this.#client?.connected !== true) return;
    this.#own.tally.sent.count(kind, topic, Buffer.byteLength(payload));
    this.#client.publish(topic, payload, { qos: 1 }, () => undefined);
  }
}

const SHADOW_ANSWERS = ['update/accepted', 'update/rejected'];
const JOB_ANSWERS = ['notify-next', '$next/get/+', 'start-next/+', '+/update/+'];

/** What a message is paid as. */
function kindOf(topic: string): 'shadow' | 'job' | 'evidence' | 'echo' {
  if (topic.startsWith('firebreak/')) return topic.endsWith('/echo') ? 'echo' : 'evidence';
  return topic.includes('/shadow/') ? 'shadow' : 'job';
}

function versionsIn(components: Json | undefined): Components {
  if (!isObject(components)) return {};
  return Object.fromEntries(
    Object.entries(components).map(([name, about]) => [name, String(member(about, 'componentVersion') ?? '')]),
  );
}
