import { setTimeout as pause } from 'node:timers/promises';
import { evidenceTopic } from '../../../lib/shadow/names.ts';
import type { Report } from '../../../lib/shadow/reporting.ts';
import { getConfiguration, numberIn, onConfiguration, onUpdate, updateState } from '../../host/ipc/component.ts';
import { GreengrassIpc } from '../../host/ipc/greengrass-ipc.ts';
import { publishToIotCore } from '../../host/ipc/iot-core.ts';
import { ShadowReporter } from '../../host/ipc/shadow-reporter.ts';
import type { Outbox } from './outbox.ts';
import { TEST_PACE, type TestPace } from './schedule.ts';

const AGAIN_MS = 5000;

export interface TesterLinkOptions {
  readonly thing: string;
  readonly outbox: Outbox;
  /** The deployment says how often. */
  readonly paced: (pace: TestPace) => void;
  readonly say: (event: string, why: string) => void;
}

/** The isolation tester's side of the conversation with nucleus, shadow and cloud. */
export class TesterLink {
  readonly #options: TesterLinkOptions;
  readonly #ipc: GreengrassIpc;
  readonly #reporter: ShadowReporter;
  #sending = Promise.resolve();

  constructor(options: TesterLinkOptions) {
    const { thing, say } = options;
    this.#options = options;
    this.#ipc = new GreengrassIpc({ say });
    this.#reporter = new ShadowReporter(this.#ipc, thing, 'isolation', say);
    onConfiguration(this.#ipc, () => void this.#readPace());
    // Nothing that it does would mind an update.
    onUpdate(this.#ipc, () => 0, say);
  }

  async run(signal: AbortSignal): Promise<void> {
    await Promise.all([this.#ipc.run(signal), this.#reporter.run(signal)]);
    await this.#sending;
  }

  tell(report: Report<Readonly<Record<string, unknown>>>): void {
    this.#reporter.tell(report);
  }

  /** Sends what is in the outbox, in order, as soon as the nucleus takes it. */
  sendEvidence(signal: AbortSignal): void {
    const topic = evidenceTopic(this.#options.thing);
    // A topic keeps one message: what takes several is told to those who listen.
    const flush = () =>
      this.#options.outbox.flush((message, of) => publishToIotCore(this.#ipc, topic, message, { retain: of === 1 }));
    this.#sending = this.#sending.then(() => this.#insist('evidence-not-sent', flush, signal));
  }

  async tellHealth(health: 'RUNNING' | 'ERRORED', signal: AbortSignal): Promise<void> {
    await this.#insist('health-not-told', () => updateState(this.#ipc, health), signal);
  }

  async #insist(event: string, act: () => Promise<void>, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#ipc.connected(signal);
      try {
        if (!signal.aborted) return await act();
      } catch (error) {
        this.#options.say(event, error instanceof Error ? error.message : String(error));
        await pause(AGAIN_MS, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  async #readPace(): Promise<void> {
    try {
      const configuration = await getConfiguration(this.#ipc);
      const milliseconds = (key: string) => {
        const seconds = numberIn(configuration, key);
        return seconds === null || seconds <= 0 ? null : seconds * 1000;
      };
      this.#options.paced({
        everyMs: milliseconds('everySeconds') ?? TEST_PACE.everyMs,
        bypassesEveryMs: milliseconds('bypassesEverySeconds') ?? TEST_PACE.bypassesEveryMs,
      });
    } catch (error) {
      this.#options.say('configuration-not-read', error instanceof Error ? error.message : String(error));
    }
  }
}
