import type { ShadowName } from '../../shadow/names.ts';
import type { CloudConnection } from '../mqtt/cloud-connection.ts';
import { CloudShadow, RejectedError } from './cloud-shadow.ts';
import type { ShadowManager } from './shadow-manager.ts';
import { keyOf } from './store.ts';
import { SynchronisedShadow } from './synchronised-shadow.ts';

/** How long to wait after the first, second, … failure in a row, in milliseconds. */
const BACKOFF_MS = [1_000, 3_000, 10_000, 30_000, 60_000];

/** `synchronize` of ShadowManager's configuration: between device and cloud in both directions, in real time. */
export class Synchronisation {
  readonly #manager: ShadowManager;
  readonly #cloud: CloudConnection;
  readonly #log: (line: string) => void;
  readonly #workers = new Map<string, Worker>();
  readonly #end: () => void;

  constructor(manager: ShadowManager, cloud: CloudConnection, log: (line: string) => void) {
    this.#manager = manager;
    this.#cloud = cloud;
    this.#log = log;
    this.#end = cloud.onConnected(() => {
      for (const worker of this.#workers.values()) worker.start('distrust');
    });
    manager.changed = (name) => this.#workers.get(keyOf(name))?.start();
  }

  /** From now on these, and no others. */
  configure(names: readonly ShadowName[]): void {
    const wanted = new Map(names.map((name) => [keyOf(name), name]));
    for (const [key, worker] of this.#workers) {
      if (wanted.has(key)) continue;
      void worker.stop();
      this.#workers.delete(key);
    }
    for (const [key, name] of wanted) {
      if (this.#workers.has(key)) continue;
      const worker = new Worker(name, this.#manager, this.#cloud, this.#log);
      this.#workers.set(key, worker);
      worker.start();
    }
  }

  /** Fulfilled when nothing more is written. */
  async stop(): Promise<void> {
    this.#end();
    const workers = [...this.#workers.values()];
    this.#workers.clear();
    await Promise.all(workers.map((worker) => worker.stop()));
  }
}

/** Works on one shadow, one step after the other, whenever there is something to do. */
class Worker {
  readonly #name: ShadowName;
  readonly #manager: ShadowManager;
  readonly #cloud: CloudConnection;
  readonly #log: (line: string) => void;
  #opened: { readonly shadow: SynchronisedShadow; close(): void } | undefined;
  #run: Promise<void> | undefined;
  #isWanted = false;
  #isStopped = false;
  #failures = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(name: ShadowName, manager: ShadowManager, cloud: CloudConnection, log: (line: string) => void) {
    this.#name = name;
    this.#manager = manager;
    this.#cloud = cloud;
    this.#log = log;
  }

  start(why: 'something to do' | 'distrust' = 'something to do'): void {
    if (why === 'distrust') {
      this.#opened?.shadow.distrust();
      this.#failures = 0;
    }
    this.#isWanted = true;
    // Not at once: it may end without ever waiting, and has to be known by then.
    this.#run ??= Promise.resolve().then(() => this.#work());
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    this.#opened?.close();
    await this.#run;
  }

  async #work(): Promise<void> {
    clearTimeout(this.#timer);
    try {
      while (this.#isWanted && !this.#isStopped && this.#cloud.isConnected) {
        this.#isWanted = false;
        const shadow = await this.#open();
        if ((await shadow.step()) === 'again') this.#isWanted = true;
        this.#failures = 0;
      }
    } catch (error) {
      if (!this.#isStopped) this.#failed(error);
    } finally {
      this.#run = undefined;
    }
  }

  async #open(): Promise<SynchronisedShadow> {
    if (this.#opened !== undefined) return this.#opened.shadow;
    const early: Parameters<SynchronisedShadow['notice']>[0][] = [];
    const cloud = await CloudShadow.open(this.#name, this.#cloud, (event) => {
      if (this.#opened === undefined) early.push(event);
      else this.#opened.shadow.notice(event);
      this.start();
    });
    const shadow = new SynchronisedShadow(this.#name, this.#manager, cloud);
    for (const event of early) shadow.notice(event);
    this.#opened = { shadow, close: () => cloud.close() };
    if (this.#isStopped) cloud.close();
    return shadow;
  }

  /** Without a connection there will be a new beginning when it is there again. */
  #failed(error: unknown): void {
    const { shadow, thing } = this.#name;
    const why = error instanceof Error ? error.message : String(error);
    this.#log(`shadow ${shadow ?? '(classic)'} of ${thing}: not synchronised: ${why}`);
    // What the cloud refuses for what it says it refuses a second time, too: the next change may be better.
    const isHopeless = error instanceof RejectedError && ![409, 404, 429, 500].includes(error.code);
    if (isHopeless) return;
    const wait = BACKOFF_MS[Math.min(this.#failures++, BACKOFF_MS.length - 1)];
    this.#timer = setTimeout(() => this.start(), wait);
  }
}
