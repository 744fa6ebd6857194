import { randomBytes, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import * as z from 'zod';
import { Configurations } from './configuration/configurations.ts';
import { type Tree, valueAt } from './configuration/tree.ts';
import { artifactPaths, placeArtifacts, pruneArtifacts } from './deployment/artifacts.ts';
import { DeploymentDocument } from './deployment/document.ts';
import { readRecipes } from './deployment/local-store.ts';
import { changedComponents, type Deployment, NOTHING, PROVIDED, planDeployment } from './deployment/plan.ts';
import { requirePermission } from './ipc/authorization.ts';
import { LocalTopics } from './ipc/local-topics.ts';
import { configurationOperations } from './ipc/operations/configuration.ts';
import { iotCoreOperations } from './ipc/operations/iot-core.ts';
import { lifecycleOperations } from './ipc/operations/lifecycle.ts';
import { localTopicOperations } from './ipc/operations/local-topics.ts';
import type { Permissions } from './ipc/operations/permissions.ts';
import { shadowOperations } from './ipc/operations/shadows.ts';
import { IpcServer } from './ipc/server.ts';
import { Component, isSettled } from './lifecycle/component.ts';
import { fillIn, scriptEnvironment } from './lifecycle/environment.ts';
import { endLeftovers } from './lifecycle/leftovers.ts';
import { ERROR_RESET_MS, isUp, type State } from './lifecycle/state.ts';
import { readyStep } from './lifecycle/steps.ts';
import { UpdatePolicy } from './lifecycle/update-policy.ts';
import type { CloudConnection } from './mqtt/cloud-connection.ts';
import { Spooler } from './mqtt/spooler.ts';
import { type NucleusState, type Outcome, readState, writeState } from './nucleus-state.ts';
import { forPlatform, type Platform } from './recipes/platform.ts';
import { libraryOf } from './recipes/resolve.ts';
import type { Recipe } from './recipes/schema.ts';
import { SHADOW_MANAGER, ShadowManager } from './shadow-manager/shadow-manager.ts';
import { ShadowStore } from './shadow-manager/store.ts';
import { Synchronisation } from './shadow-manager/synchronisation.ts';

export interface NucleusOptions {
  /** Everything lies in here, as in /greengrass/v2. */
  readonly root: string;
  readonly thing: string;
  readonly region: string;
  /** GG_ROOT_CA_PATH. */
  readonly rootCa: string;
  readonly platform: Platform;
  readonly cloud: CloudConnection;
  readonly errorResetMs?: number;
  log(component: string, line: string): void;
}

/** What somebody outside sees. */
export interface Status {
  readonly thing: string;
  readonly isConnected: boolean;
  readonly deployment: Outcome | null;
  readonly components: readonly { readonly name: string; readonly version: string; readonly state: State }[];
  /** Messages to the cloud that wait. */
  readonly spooled: number;
}

const Synchronize = z.object({
  coreThing: z.object({ classic: z.boolean().default(true), namedShadows: z.array(z.string()).default([]) }).optional(),
});

/** The device's Greengrass: what is deployed, running, with all that it serves. */
export class Nucleus {
  readonly #options: NucleusOptions;
  readonly #topics = new LocalTopics();
  readonly #updates = new UpdatePolicy();
  readonly #configurations: Configurations;
  readonly #shadows: ShadowManager;
  readonly #spooler: Spooler;
  readonly #synchronisation: Synchronisation;
  readonly #tokens = new Map<string, string>();
  readonly #components = new Map<string, Component>();
  #state: NucleusState;
  #saving: Promise<void> = Promise.resolve();
  #deploying: Promise<unknown> = Promise.resolve();
  #ipc: IpcServer | undefined;
  #isStopped = false;
  #wake: (() => void)[] = [];

  private constructor(options: NucleusOptions, state: NucleusState) {
    this.#options = options;
    this.#state = state;
    this.#configurations = new Configurations(() => this.#save());
    this.#shadows = new ShadowManager(new ShadowStore(join(options.root, 'shadows')), this.#topics);
    this.#spooler = new Spooler(options.cloud);
    options.cloud.onConnected(() => void this.#spooler.send());
    this.#synchronisation = new Synchronisation(this.#shadows, options.cloud, (line) => this.#log(line));
  }

  /** Starts what was deployed before; ends first what a killed predecessor left running. */
  static async start(options: NucleusOptions): Promise<Nucleus> {
    await mkdir(join(options.root, 'work'), { recursive: true });
    const nucleus = new Nucleus(options, await readState(statePath(options.root)));
    const ended = await endLeftovers(nucleus.#notes, nucleus.#socket);
    if (ended > 0) nucleus.#log(`${ended} process groups of a killed predecessor were ended`);
    await nucleus.#listen();
    await nucleus.#resume();
    return nucleus;
  }

  status(): Status {
    const { thing, cloud } = this.#options;
    const components = this.#state.deployed.recipes.map(({ ComponentName: name, ComponentVersion: version }) => ({
      ...{ name, version, state: this.#components.get(name)?.state ?? 'NEW' },
    }));
    const provided = Object.entries(PROVIDED).map(([name, version]) => ({ name, version, state: 'RUNNING' as const }));
    return {
      ...{ thing, isConnected: cloud.isConnected, deployment: this.#state.outcome ?? null },
      ...{ components: [...components, ...provided], spooled: this.#spooler.size },
    };
  }

  /**
   * Deploys from a local store, one deployment after the other.
   * @param store of `greengrass-cli deployment create`: recipes are R/NAME-VERSION.yaml, artifacts A/NAME/VERSION/FILE
   */
  async deploy(document: unknown, store: { readonly recipes: string; readonly artifacts: string }): Promise<Outcome> {
    const mine = this.#deploying.then(() => this.#deploy(document, store));
    this.#deploying = mine.catch(() => undefined);
    return await mine;
  }

  /** Ends all components, those who depend before those who are depended on. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#changed();
    await this.#stopComponents(this.#state.deployed.recipes.map(({ ComponentName }) => ComponentName));
    await this.#synchronisation.stop();
    await this.#ipc?.close();
    await this.#saving;
  }

  async #deploy(raw: unknown, store: { readonly recipes: string; readonly artifacts: string }): Promise<Outcome> {
    const parsed = DeploymentDocument.safeParse(raw);
    const deploymentId = parsed.data?.deploymentId ?? randomUUID();
    const rejected = (reason: string): Outcome => {
      this.#log(`deployment ${deploymentId}: ${reason}`);
      return { deploymentId, status: 'FAILED', detailedStatus: 'FAILED_NO_STATE_CHANGE', reason };
    };
    if (!parsed.success) return rejected(z.prettifyError(parsed.error));
    const document = parsed.data;
    let after: Deployment;
    try {
      const library = libraryOf([...this.#state.deployed.recipes, ...(await readRecipes(store.recipes))]);
      after = planDeployment(document, this.#present(), library, this.#options);
      await this.#place(after.recipes, store.artifacts);
    } catch (error) {
      return rejected(error instanceof Error ? error.message : String(error));
    }
    await this.#announce(deploymentId, document);
    const rollback = document.deploymentPolicies?.failureHandlingPolicy !== 'DO_NOTHING';
    const before = this.#present();
    this.#state = { deployed: after, before, rollback, outcome: { deploymentId, status: 'IN_PROGRESS' } };
    await this.#save(after);
    const outcome = await this.#activate(before, deploymentId);
    this.#updates.finished(deploymentId);
    return outcome;
  }

  /** After a start: a deployment that was under way is gone on with. */
  async #resume(): Promise<void> {
    const { before, outcome, deployed } = this.#state;
    for (const [name, tree] of Object.entries(deployed.configurations)) this.#configurations.set(name, tree);
    this.#configureProvided();
    if (before !== undefined && outcome?.status === 'IN_PROGRESS') {
      const going = this.#activate(NOTHING, outcome.deploymentId);
      this.#deploying = going.catch((error: unknown) => this.#log(String(error)));
    } else this.#startComponents(deployed);
  }

  /** From what runs to what is deployed; back, if that doesn't work and is asked for. */
  async #activate(before: Deployment, deploymentId: string): Promise<Outcome> {
    const failure = await this.#switch(before, this.#state.deployed);
    let outcome: Outcome = { deploymentId, status: 'SUCCEEDED', detailedStatus: 'SUCCESSFUL' };
    if (failure !== undefined && !this.#isStopped) {
      const { before: former = NOTHING, rollback = true, deployed } = this.#state;
      this.#log(`deployment ${deploymentId}: ${failure}${rollback ? '; going back' : ''}`);
      const detailedStatus = rollback ? 'FAILED_ROLLBACK_COMPLETE' : 'FAILED_ROLLBACK_NOT_REQUESTED';
      outcome = { deploymentId, status: 'FAILED', detailedStatus, reason: failure };
      if (rollback) {
        this.#state = { deployed: former, outcome };
        await this.#save(former);
        await this.#switch(deployed, former);
      }
    }
    if (this.#isStopped) return outcome;
    this.#state = { deployed: this.#state.deployed, outcome };
    await this.#save();
    const versions = new Map(
      this.#state.deployed.recipes.map((recipe) => [recipe.ComponentName, recipe.ComponentVersion]),
    );
    await pruneArtifacts(this.#options.root, (name, version) => versions.get(name) === version);
    return outcome;
  }

  /** @returns why it doesn't work */
  async #switch(before: Deployment, after: Deployment): Promise<string | undefined> {
    const changed = changedComponents(before, after);
    const names = new Set(after.recipes.map(({ ComponentName }) => ComponentName));
    const gone = [...this.#components.keys()].filter((name) => !names.has(name));
    const order = [
      ...after.recipes.map(({ ComponentName }) => ComponentName).filter((name) => changed.has(name)),
      ...gone,
    ];
    await this.#stopComponents(order);
    for (const name of order) {
      this.#components.delete(name);
      this.#ipc?.disconnect(name);
    }
    for (const name of gone) this.#configurations.remove(name);
    for (const [name, tree] of Object.entries(after.configurations)) this.#configurations.set(name, tree);
    this.#configureProvided();
    const failed = await this.#bootstrap(after, changed, before);
    if (failed !== undefined) return failed;
    this.#startComponents(after);
    return await this.#settled([...names]);
  }

  async #bootstrap(after: Deployment, changed: ReadonlySet<string>, before: Deployment): Promise<string | undefined> {
    const former = this.#state.before ?? before;
    const versions = new Map(former.recipes.map((recipe) => [recipe.ComponentName, recipe.ComponentVersion]));
    for (const recipe of after.recipes) {
      const name = recipe.ComponentName;
      if (!changed.has(name) || versions.get(name) === recipe.ComponentVersion) continue;
      if (!(await this.#component(recipe).bootstrap())) return `${name}: bootstrap failed`;
    }
    return undefined;
  }

  #startComponents({ recipes }: Deployment): void {
    if (this.#isStopped) return;
    for (const recipe of recipes) this.#component(recipe).start();
  }

  /** In reverse order, each when those who depend on it are down. */
  async #stopComponents(order: readonly string[]): Promise<void> {
    for (const name of [...order].reverse()) await this.#components.get(name)?.stop();
  }

  /** Waits until all are up. @returns who is broken */
  async #settled(names: readonly string[]): Promise<string | undefined> {
    for (;;) {
      const states = names.map((name) => this.#components.get(name)?.state ?? 'NEW');
      const broken = names.filter((_, index) => states[index] === 'BROKEN');
      if (broken.length > 0) return `${broken.join(', ')} is BROKEN`;
      if (this.#isStopped || states.every(isSettled)) return undefined;
      await new Promise<void>((resolve) => this.#wake.push(resolve));
    }
  }

  async #announce(deploymentId: string, { deploymentPolicies }: DeploymentDocument): Promise<void> {
    const { action, timeoutInSeconds = 60 } = deploymentPolicies?.componentUpdatePolicy ?? {};
    if (action === 'SKIP_NOTIFY_COMPONENTS') return;
    for (;;) {
      const answers = await this.#updates.announce(deploymentId, timeoutInSeconds * 1000);
      const wait = Math.max(0, ...answers.map(({ recheckAfterMs }) => recheckAfterMs));
      if (wait === 0 || this.#isStopped) return;
      this.#log(`deployment ${deploymentId}: deferred for ${wait} ms`);
      await pause(wait);
    }
  }

  #component(recipe: Recipe): Component {
    const name = recipe.ComponentName;
    const known = this.#components.get(name);
    if (known !== undefined) return known;
    const { root, platform, errorResetMs = ERROR_RESET_MS } = this.#options;
    const lifecycle = forPlatform(recipe, platform)?.lifecycle ?? {};
    const hard = Object.entries(recipe.ComponentDependencies ?? {})
      .filter(([dependency, { DependencyType }]) => DependencyType !== 'SOFT' && !(dependency in PROVIDED))
      .map(([dependency]) => dependency);
    const token = randomBytes(16).toString('hex');
    for (const [old, owner] of this.#tokens) if (owner === name) this.#tokens.delete(old);
    this.#tokens.set(token, name);
    const component = new Component({
      ...{ name, errorResetMs, noteIn: this.#notes, directory: join(root, 'work', name) },
      areDependenciesUp: () => hard.every((dependency) => isUp(this.#components.get(dependency)?.state)),
      step: (step) => readyStep(lifecycle, step, (text) => this.#fill(recipe, text), process.env.PATH ?? ''),
      environment: () => scriptEnvironment({ ...this.#options, socket: this.#socket, token }),
      log: (line, stream) => this.#options.log(name, stream === undefined ? line : `${stream}: ${line}`),
      changed: () => this.#changed(),
    });
    this.#components.set(name, component);
    return component;
  }

  #changed(): void {
    for (const component of this.#components.values()) component.poke();
    const waiting = this.#wake;
    this.#wake = [];
    for (const wake of waiting) wake();
  }

  #fill(recipe: Recipe, text: string): string {
    const { root, thing } = this.#options;
    return fillIn(text, recipe, {
      ...{ root, thing },
      versionOf: (name) =>
        this.#state.deployed.recipes.find(({ ComponentName }) => ComponentName === name)?.ComponentVersion,
      configurationOf: (name) => this.#configurations.get(name),
    });
  }

  async #place(recipes: readonly Recipe[], store: string): Promise<void> {
    const { root, platform } = this.#options;
    for (const recipe of recipes) {
      const { ComponentName: name, ComponentVersion: version } = recipe;
      await mkdir(join(root, 'work', name), { recursive: true });
      const paths = artifactPaths(root, name, version);
      // A version's artifacts never change.
      if (existsSync(paths.decompressedPath)) continue;
      await placeArtifacts(forPlatform(recipe, platform)?.artifacts ?? [], join(store, name, version), paths);
    }
  }

  /** Shadow manager reads its own configuration. */
  #configureProvided(): void {
    const tree = this.#configurations.get(SHADOW_MANAGER) ?? {};
    const size = tree.shadowDocumentSizeLimitBytes;
    if (typeof size === 'number') this.#shadows.limits = { size };
    const { coreThing } = Synchronize.safeParse(tree.synchronize).data ?? {};
    const { thing } = this.#options;
    const named = (coreThing?.namedShadows ?? []).map((shadow) => ({ thing, shadow }));
    this.#synchronisation.configure([...(coreThing?.classic === true ? [{ thing, shadow: null }] : []), ...named]);
  }

  async #listen(): Promise<void> {
    const permit: Permissions = (component, service, operation, resource) => {
      const accessControl = valueAt(this.#configurations.get(component), ['accessControl']);
      requirePermission(accessControl, component, service, operation, resource);
    };
    this.#ipc = await IpcServer.listen({
      path: this.#socket,
      authenticate: (token) => this.#tokens.get(token),
      operations: {
        ...localTopicOperations(this.#topics, permit),
        ...iotCoreOperations(this.#options.cloud, this.#spooler, permit),
        ...configurationOperations(this.#configurations),
        ...shadowOperations(this.#shadows, permit),
        ...lifecycleOperations((component, state) => this.#components.get(component)?.report(state), this.#updates),
      },
      log: (line) => this.#log(line),
    });
  }

  /** What is deployed, with what the components changed in their configurations themselves. */
  #present(): Deployment {
    const configurations: Record<string, Tree> = Object.fromEntries(this.#configurations.entries());
    return { recipes: this.#state.deployed.recipes, configurations };
  }

  /** One write after the other. */
  async #save(deployed?: Deployment): Promise<void> {
    // In the middle of a deployment what is to be is known already.
    const isDeploying = this.#state.before !== undefined;
    this.#state = { ...this.#state, deployed: deployed ?? (isDeploying ? this.#state.deployed : this.#present()) };
    this.#saving = this.#saving.then(() => writeState(statePath(this.#options.root), this.#state));
    await this.#saving;
  }

  get #socket(): string {
    return join(this.#options.root, 'ipc.socket');
  }

  get #notes(): string {
    return join(this.#options.root, 'process-groups');
  }

  #log(line: string): void {
    this.#options.log('aws.greengrass.Nucleus', line);
  }
}

function statePath(root: string): string {
  return join(root, 'state.json');
}
