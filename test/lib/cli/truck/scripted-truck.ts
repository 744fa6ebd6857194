import mqtt, { type MqttClient } from 'mqtt';
import type { Cloud } from '../../../../lib/lab/cloud/cloud.ts';
import type { Policy, Revision } from '../../../../lib/policy/index.ts';
import {
  type Evidence,
  evidenceParts,
  evidenceTopic,
  isolationReported,
  type NetworkState,
  networkReported,
  readDesired,
  replacing,
  shadowTopic,
} from '../../../../lib/shadow/index.ts';
import type { Drop } from '../../../../lib/truck/drops.ts';
import { expectations } from '../../../../lib/truck/expectations.ts';
import { judge } from '../../../../lib/truck/judge.ts';
import { credentials } from '../../lab/cloud/support.ts';

/** What the scripted truck does with a policy that it understands. */
export type Character = 'takes' | 'rolls back' | 'is asleep';

/** A truck as far as the cloud can tell: an MQTT client that reads what is desired, and reports. It builds nothing. */
export class ScriptedTruck {
  readonly thing: string;
  character: Character = 'takes';
  baseline: unknown;
  inForce: Revision | undefined;
  readonly #client: MqttClient;
  #reported: unknown;
  #isolation: unknown;

  private constructor(client: MqttClient, thing: string) {
    this.#client = client;
    this.thing = thing;
    client.on('message', (_topic, payload) => void this.#hear(JSON.parse(payload.toString())));
  }

  static async start(cloud: Cloud, thing: string): Promise<ScriptedTruck> {
    const { host, mqtt: port } = cloud.endpoint;
    const client = await mqtt.connectAsync(`mqtts://${host}:${port}`, await credentials(cloud, thing));
    const truck = new ScriptedTruck(client, thing);
    await client.subscribeAsync(`${shadowTopic(thing, 'network')}/update/documents`, { qos: 1 });
    return truck;
  }

  async report(state: Omit<NetworkState, 'agent' | 'at'>): Promise<void> {
    const next = networkReported({ ...state, agent: '0.1.0', at: Date.now() });
    await this.#update('network', replacing(this.#reported, { ...next }));
    this.#reported = next;
  }

  /** What it has dropped by its next measurement. */
  drops: readonly Drop[] = [];

  /** A measurement in which every expectation held, except of those who are told to be leaky. */
  async measure(policy: Policy, leaky: (id: string) => boolean = () => false): Promise<Evidence> {
    const promised = expectations(policy, 0);
    const seen = promised.map(({ id, verdict }) => {
      const arrived = verdict === 'reachable' || leaky(id);
      return { id, arrived, reply: arrived ? ('answer' as const) : ('none' as const) };
    });
    const at = Date.now();
    const evidence: Evidence = {
      thing: this.thing,
      revision: policy.revision,
      at: new Date(at).toISOString(),
      matrix: judge(promised, seen),
      vantages: policy.nodes.map(({ name }) => ({ node: name, kind: 'container' })),
      durationMs: 900,
    };
    const parts = evidenceParts(evidence);
    const reference = { sha256: parts[0]?.sha256 ?? '', parts: parts.length };
    const state = {
      revision: policy.revision,
      matrix: evidence.matrix,
      measuredAt: at,
      nextAt: at + 60_000,
      evidence: reference,
      drops: this.drops,
      agent: '0.1.0',
    };
    const next = isolationReported(state);
    await this.#update('isolation', replacing(this.#isolation, { ...next }));
    this.#isolation = next;
    return evidence;
  }

  async publish(evidence: Evidence, retain = false): Promise<void> {
    for (const part of evidenceParts(evidence))
      await this.#client.publishAsync(evidenceTopic(this.thing), JSON.stringify(part), { qos: 1, retain });
  }

  async end(): Promise<void> {
    await this.#client.endAsync(true);
  }

  async #hear({ previous, current }: Record<'previous' | 'current', { state?: { desired?: unknown } }>): Promise<void> {
    const desired = current.state?.desired;
    if (this.character === 'is asleep' || JSON.stringify(previous?.state?.desired) === JSON.stringify(desired)) return;
    const wish = readDesired(desired, { thing: this.thing, baseline: this.baseline });
    const force = this.inForce && { revision: this.inForce };
    if (wish.kind === 'nothing') return;
    if (wish.kind === 'refused')
      return this.report({ status: 'refused', ...force, desired: { id: wish.id }, problems: wish.problems });
    const told = { id: wish.id, revision: wish.policy.revision };
    await this.report({ status: 'applying', ...force, desired: told });
    if (this.character === 'rolls back')
      return this.report({ status: 'rolled-back', ...force, desired: told, why: 'the cloud was out of reach' });
    this.inForce = wish.policy.revision;
    await this.report({ status: 'applied', revision: this.inForce, desired: told });
  }

  async #update(shadow: 'network' | 'isolation', reported: unknown): Promise<void> {
    await this.#client.publishAsync(
      `${shadowTopic(this.thing, shadow)}/update`,
      JSON.stringify({ state: { reported } }),
      { qos: 1 },
    );
  }
}
