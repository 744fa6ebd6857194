import type { ShadowName } from '../../shadow/names.ts';
import { exists, type ShadowDocument } from '../../shadow/shadow.ts';
import { type CloudEvent, type CloudShadow, RejectedError, type Response } from './cloud-shadow.ts';
import { mergeStates, patchBetween, type StatePatch } from './merge.ts';
import type { ShadowManager } from './shadow-manager.ts';
import type { State, Synced } from './store.ts';

/**
 * Keeps one shadow the same here and in the cloud, as ShadowManager does. As long as both are in step, a change on one side is passed on
 * as the patch that it is, under the version that is known; whenever that doesn't fit (a gap, a conflict, an outage, the first time) both are
 * read and merged.
 */
export class SynchronisedShadow {
  readonly #name: ShadowName;
  readonly #local: ShadowManager;
  readonly #cloud: CloudShadow;
  #events: CloudEvent[] = [];
  #needsMerge = true;

  constructor(name: ShadowName, local: ShadowManager, cloud: CloudShadow) {
    this.#name = name;
    this.#local = local;
    this.#cloud = cloud;
  }

  notice(event: CloudEvent): void {
    this.#events.push(event);
  }

  /** Something may have been missed. */
  distrust(): void {
    this.#needsMerge = true;
  }

  /**
   * One step towards each other; again when it says so.
   * @throws Error if the cloud doesn't answer, or refuses
   */
  async step(): Promise<'again' | 'in step'> {
    const events = this.#events;
    this.#events = [];
    for (const event of events) await this.#apply(event);
    const wasMerge = this.#needsMerge;
    try {
      if (wasMerge) await this.#mergeBoth();
      else await this.#push();
    } catch (error) {
      this.#needsMerge = true;
      // Another version, or none any more: both have to be read. Anything else no repetition helps.
      const isOutOfStep = error instanceof RejectedError && (error.code === 409 || error.code === 404);
      if (wasMerge || !isOutOfStep) throw error;
    }
    return this.#events.length > 0 || this.#needsMerge ? 'again' : 'in step';
  }

  /** What the cloud told: a patch that is just the next version of what is known goes in as it is. */
  async #apply(event: CloudEvent): Promise<void> {
    const { synced } = this.#entry();
    if (this.#needsMerge || event.kind === 'delete' || synced === undefined) this.#needsMerge = true;
    else if (event.version <= synced.cloudVersion) return;
    else if (event.version > synced.cloudVersion + 1 || this.#isChangedHere(synced)) this.#needsMerge = true;
    else {
      try {
        await this.#remember(await this.#updateLocal(event.patch, synced.localVersion), event.version);
      } catch (error) {
        if (!(error instanceof RejectedError)) throw error;
        this.#needsMerge = true;
      }
    }
  }

  /** Tells the cloud what changed here. */
  async #push(): Promise<void> {
    const { synced } = this.#entry();
    const document = this.#document();
    if (synced === undefined || document === undefined) {
      if (synced !== undefined) await this.#deleteCloud();
      else if (document !== undefined) this.#needsMerge = true;
      return;
    }
    if (!this.#isChangedHere(synced)) return;
    const patch = patchBetween(synced.state, document.state);
    if (patch === undefined) return await this.#remember(document, synced.cloudVersion);
    const { version } = await this.#cloud.request('update', { state: patch, version: synced.cloudVersion });
    await this.#remember(document, version ?? synced.cloudVersion + 1);
  }

  /** Reads the cloud's and brings both to what they come to together. */
  async #mergeBoth(): Promise<void> {
    // Whatever is distrusted from here on needs another look.
    this.#needsMerge = false;
    const cloud = await this.#readCloud();
    const { synced } = this.#entry();
    const local = this.#document();
    if (cloud === undefined && local === undefined) await this.#forget();
    else if (cloud === undefined && synced !== undefined) {
      // It was deleted there.
      await this.#local.delete(this.#name, 'synchronisation');
      await this.#forget();
    } else if (local === undefined && synced !== undefined) await this.#deleteCloud();
    else await this.#bringTogether(local, cloud, synced);
  }

  async #bringTogether(
    local: ShadowDocument | undefined,
    cloud: Response | undefined,
    synced: Synced | undefined,
  ): Promise<void> {
    const cloudState = stateOf(cloud);
    const merged = mergeStates(local?.state ?? {}, cloudState, synced?.state ?? {});
    let cloudVersion = cloud?.version ?? 0;
    const forCloud = patchBetween(cloudState, merged) ?? (cloud === undefined ? {} : undefined);
    if (forCloud !== undefined) {
      const version = cloud === undefined ? {} : { version: cloudVersion };
      const answer = await this.#cloud.request('update', { state: forCloud, ...version });
      cloudVersion = answer.version ?? cloudVersion + 1;
    }
    const forLocal = patchBetween(local?.state ?? {}, merged) ?? (local === undefined ? {} : undefined);
    const document = forLocal === undefined ? local : await this.#updateLocal(forLocal, local?.version);
    if (document !== undefined) await this.#remember(document, cloudVersion);
  }

  async #readCloud(): Promise<Response | undefined> {
    try {
      return await this.#cloud.request('get');
    } catch (error) {
      if (error instanceof RejectedError && error.code === 404) return undefined;
      throw error;
    }
  }

  async #deleteCloud(): Promise<void> {
    try {
      await this.#cloud.request('delete');
    } catch (error) {
      if (!(error instanceof RejectedError && error.code === 404)) throw error;
    }
    await this.#forget();
  }

  /** @throws RejectedError, with 409 if somebody changed it here meanwhile */
  async #updateLocal(state: StatePatch, version: number | undefined): Promise<ShadowDocument | undefined> {
    const payload = Buffer.from(JSON.stringify({ state, ...(version !== undefined && { version }) }));
    const answer = await this.#local.update(this.#name, payload, 'synchronisation');
    if (!answer.accepted) throw new RejectedError(answer.error);
    return exists(answer.shadow) ? answer.shadow : undefined;
  }

  /** Both have this now. What is changed here later is told later. */
  async #remember(document: ShadowDocument | undefined, cloudVersion: number): Promise<void> {
    if (document === undefined) return;
    const synced: Synced = { localVersion: document.version, cloudVersion, state: document.state };
    await this.#local.alone(this.#name, async () => {
      await this.#local.store.set(this.#name, { ...this.#entry(), synced });
    });
  }

  async #forget(): Promise<void> {
    await this.#local.alone(this.#name, async () => {
      const { shadow } = this.#entry();
      await this.#local.store.set(this.#name, shadow === undefined ? {} : { shadow });
    });
  }

  #entry() {
    return this.#local.store.get(this.#name);
  }

  #document(): ShadowDocument | undefined {
    const { shadow } = this.#entry();
    return exists(shadow) ? shadow : undefined;
  }

  #isChangedHere({ localVersion }: Synced): boolean {
    return this.#document()?.version !== localVersion;
  }
}

function stateOf(response: Response | undefined): State {
  const { desired, reported } = response?.state ?? {};
  return { ...(desired != null && { desired }), ...(reported != null && { reported }) };
}
