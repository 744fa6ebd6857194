import type { ShadowName } from '../../../lib/shadow/index.ts';
import { replacing } from '../../../lib/shadow/replace.ts';
import {
  beginReport,
  endReport,
  REPORTING_PACE,
  type Report,
  type Reporting,
  report,
  reportDueAt,
  startReporting,
} from '../../../lib/shadow/reporting.ts';
import { Bell } from '../bell.ts';
import type { GreengrassIpc } from './greengrass-ipc.ts';
import { getShadow, updateReported } from './shadow.ts';

type Document = Readonly<Record<string, unknown>>;

/** What is to be said to whoever reads the shadow: rate-limited and coalesced; the newest waits while the nucleus is away. */
export class ShadowReporter {
  readonly #ipc: GreengrassIpc;
  readonly #thing: string;
  readonly #shadow: ShadowName;
  readonly #say: (event: string, why: string) => void;
  #reporting: Reporting<Document> = startReporting(performance.now(), REPORTING_PACE);
  readonly #told = new Bell();

  constructor(ipc: GreengrassIpc, thing: string, shadow: ShadowName, say: (event: string, why: string) => void) {
    this.#ipc = ipc;
    this.#thing = thing;
    this.#shadow = shadow;
    this.#say = say;
  }

  tell(next: Report<Document>): void {
    this.#reporting = report(this.#reporting, next);
    this.#told.ring();
  }

  /** Sends until the signal. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#ipc.connected(signal);
      const waitMs = reportDueAt(this.#reporting, REPORTING_PACE) - performance.now();
      if (waitMs > 0) await this.#told.wait(waitMs, signal);
      else if (!signal.aborted) await this.#send();
    }
  }

  async #send(): Promise<void> {
    this.#reporting = beginReport(this.#reporting, performance.now(), REPORTING_PACE);
    const { sending } = this.#reporting;
    try {
      if (sending !== null) {
        const present = await getShadow(this.#ipc, this.#thing, this.#shadow);
        const update = replacing(present?.reported, sending.document);
        await updateReported(this.#ipc, this.#thing, this.#shadow, update);
      }
      this.#reporting = endReport(this.#reporting, 'sent');
    } catch (error) {
      this.#reporting = endReport(this.#reporting, 'failed');
      this.#say('not-reported', error instanceof Error ? error.message : String(error));
    }
  }
}
