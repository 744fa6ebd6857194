import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LocalTopics } from '../../../../lib/lab/greengrass/ipc/local-topics.ts';
import { configurationOperations } from '../../../../lib/lab/greengrass/ipc/operations/configuration.ts';
import { iotCoreOperations } from '../../../../lib/lab/greengrass/ipc/operations/iot-core.ts';
import { lifecycleOperations } from '../../../../lib/lab/greengrass/ipc/operations/lifecycle.ts';
import { localTopicOperations } from '../../../../lib/lab/greengrass/ipc/operations/local-topics.ts';
import { shadowOperations } from '../../../../lib/lab/greengrass/ipc/operations/shadows.ts';
import { UpdatePolicy } from '../../../../lib/lab/greengrass/lifecycle/update-policy.ts';
import { Spooler } from '../../../../lib/lab/greengrass/mqtt/spooler.ts';
import { ShadowManager } from '../../../../lib/lab/greengrass/shadow-manager/shadow-manager.ts';
import { ShadowStore } from '../../../../lib/lab/greengrass/shadow-manager/store.ts';
import type { AccessControl } from '../../../../lib/shadow/index.ts';
import { newClient } from '../../../lib/lab/greengrass/ipc/client.ts';
import { TestNucleus } from '../../../lib/lab/greengrass/ipc/nucleus.ts';
import { FakeCloud } from '../../../lib/lab/greengrass/mqtt/fake-cloud.ts';

export const THING = 'truck-1';

/** The nucleus as one component sees it: its shadows, topics, configuration, updates, and a cloud in memory. It can end and come back. */
export class ComponentNucleus {
  readonly #directory = mkdtempSync(join(tmpdir(), 'fb-nucleus-'));
  readonly #topics = new LocalTopics();
  readonly shadows = new ShadowManager(new ShadowStore(this.#directory), this.#topics);
  readonly cloud = new FakeCloud();
  readonly updates = new UpdatePolicy();
  readonly states: string[] = [];
  readonly nucleus = new TestNucleus();
  #server: { close(): Promise<void> } | undefined;

  constructor(component: string, access: AccessControl, configuration: Readonly<Record<string, unknown>> = {}) {
    const accessControl = Object.fromEntries(
      Object.entries(access).map(([service, policies]) => [
        service,
        Object.fromEntries(policies.map((policy, index) => [`${component}:${service}:${index}`, { ...policy }])),
      ]),
    );
    this.nucleus.configurations.set(component, JSON.parse(JSON.stringify({ ...configuration, accessControl })));
  }

  /** For `GreengrassIpc`. */
  readonly newClient = (component: string) => () => newClient(this.nucleus.socket, `token-${component}`);

  async begin(): Promise<void> {
    const { permit } = this.nucleus;
    this.#server = await this.nucleus.serve({
      ...localTopicOperations(this.#topics, permit),
      ...iotCoreOperations(this.cloud, new Spooler(this.cloud), permit),
      ...configurationOperations(this.nucleus.configurations),
      ...shadowOperations(this.shadows, permit),
      ...lifecycleOperations((_component, state) => this.states.push(state), this.updates),
    });
  }

  /** Hangs up on everybody. */
  async stop(): Promise<void> {
    await this.#server?.close();
    this.#server = undefined;
  }

  async desire(shadow: string, desired: unknown): Promise<void> {
    const payload = Buffer.from(JSON.stringify({ state: { desired } }));
    await this.shadows.update({ thing: THING, shadow }, payload, 'synchronisation');
  }

  /** As it is kept: whoever asks the manager again and again is told that these are too many requests. */
  shadow(name: string): { desired?: unknown; reported?: Record<string, unknown> } {
    const { shadow } = this.shadows.store.get({ thing: THING, shadow: name });
    return shadow !== undefined && 'state' in shadow ? shadow.state : {};
  }

  async end(): Promise<void> {
    await this.nucleus.end();
    rmSync(this.#directory, { recursive: true });
  }
}
