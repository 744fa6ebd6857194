import { setTimeout as pause } from 'node:timers/promises';
import { revisionNamed } from '../../../lib/policy/revision.ts';
import { echoTopic, shadowTopic } from '../../../lib/shadow/names.ts';
import { type NetworkState, networkReported } from '../../../lib/shadow/network-report.ts';
import { getConfiguration, numberIn, onConfiguration, onUpdate, updateState } from '../../host/ipc/component.ts';
import { GreengrassIpc } from '../../host/ipc/greengrass-ipc.ts';
import { CloudEcho } from '../../host/ipc/iot-core.ts';
import { getShadow, onDelta } from '../../host/ipc/shadow.ts';
import { ShadowReporter } from '../../host/ipc/shadow-reporter.ts';
import type { Checkpoint } from '../checkpoint.ts';
import { inForce } from '../provisional.ts';
import type { ReadWish, Told } from './wishes.ts';
import type { WishAnswer } from './work.ts';

/** Long enough for a connection to the cloud to be made anew over another uplink: the nucleus notices a lost one only after a minute. */
const CONFIRM_WITHIN_SECONDS = 300;
const HEALTH_AGAIN_MS = 5000;

export interface LinkOptions {
  readonly thing: string;
  readonly version: string;
  /** What a `desired` comes to. */
  readonly wish: (section: unknown, baseline: unknown) => Promise<WishAnswer>;
  /** Something that is wished for may have changed. */
  readonly changed: () => void;
  readonly deferMs: () => number;
  readonly say: (event: string, why: string) => void;
}

/** The network manager's side of the conversation with nucleus, shadow and cloud. */
export class TruckLink {
  readonly #options: LinkOptions;
  readonly #ipc: GreengrassIpc;
  readonly #echo: CloudEcho;
  readonly #reporter: ShadowReporter;
  #known: { readonly key: string; readonly wish: WishAnswer } | null = null;

  constructor(options: LinkOptions) {
    const { thing, say } = options;
    this.#options = options;
    this.#ipc = new GreengrassIpc({ say });
    this.#echo = new CloudEcho(this.#ipc, echoTopic(thing));
    this.#reporter = new ShadowReporter(this.#ipc, thing, 'network', say);
    onDelta(this.#ipc, `${shadowTopic(thing, 'network')}/update/delta`, options.changed);
    onConfiguration(this.#ipc, options.changed);
    onUpdate(this.#ipc, options.deferMs, say);
  }

  async run(signal: AbortSignal): Promise<void> {
    await Promise.all([this.#ipc.run(signal), this.#reporter.run(signal)]);
  }

  connected(signal: AbortSignal): Promise<void> {
    return this.#ipc.connected(signal);
  }

  readonly isCloudAlive = (timeoutMs: number): Promise<boolean> => this.#echo.isAlive(timeoutMs);

  async tellHealth(health: 'RUNNING' | 'ERRORED', signal: AbortSignal): Promise<void> {
    for (;;) {
      await this.#ipc.connected(signal);
      if (signal.aborted) return;
      try {
        return await updateState(this.#ipc, health);
      } catch (error) {
        this.#options.say('health-not-told', String(error));
        await pause(HEALTH_AGAIN_MS, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  /** Asked anew only when shadow or configuration are others: a delta comes after each of our own reports. @throws IpcError */
  readonly read = async (): Promise<ReadWish> => {
    const configuration = await getConfiguration(this.#ipc);
    const shadow = await getShadow(this.#ipc, this.#options.thing, 'network');
    const { policy: baseline } = configuration;
    const plain = baseline === undefined ? undefined : { patch: {} };
    // A truck of which nothing is desired is what the fleet's baseline says.
    const section = shadow?.desired ?? plain;
    const key = JSON.stringify([section, baseline]);
    if (this.#known?.key !== key) this.#known = { key, wish: await this.#options.wish(section, baseline) };
    const seconds = numberIn(configuration, 'confirmWithinSeconds') ?? CONFIRM_WITHIN_SECONDS;
    return {
      wish: this.#known.wish,
      section: shadow?.desired,
      fallback: () => this.#options.wish(plain, baseline),
      confirmWithinMs: seconds * 1000,
    };
  };

  tell({ wish, desiredBytes, ...told }: Told, checkpoint: Checkpoint, drift: NetworkState['drift']): void {
    const present = inForce(checkpoint) ?? checkpoint.good;
    const desired: NetworkState['desired'] =
      wish.kind === 'nothing' ? undefined : { id: wish.id, ...('revision' in wish ? { revision: wish.revision } : {}) };
    const document = networkReported(
      {
        ...told,
        ...(present === null ? {} : { revision: revisionNamed(present.revision) }),
        ...(desired === undefined ? {} : { desired }),
        ...(drift === undefined ? {} : { drift }),
        agent: this.#options.version,
        at: Date.now(),
      },
      desiredBytes,
    );
    const { at, ...timeless } = document;
    const headline = `${told.status} ${desired?.id ?? ''}`;
    this.#reporter.tell({ document: { ...document }, key: JSON.stringify(timeless), headline });
  }
}
