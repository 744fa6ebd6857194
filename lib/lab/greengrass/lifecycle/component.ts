import { Script } from './script.ts';
import { ErrorCount, isUp, type State } from './state.ts';
import type { ReadyStep, StepName } from './steps.ts';

/** What a component needs of the device. */
export interface ComponentContext {
  readonly name: string;
  /** Of its HARD dependencies: all of them are up. */
  areDependenciesUp(): boolean;
  /** The step, filled in with the configuration of this moment; undefined: nothing to do. */
  step(name: StepName): ReadyStep | undefined;
  /** What every script gets. */
  environment(): Readonly<Record<string, string>>;
  readonly directory: string;
  readonly noteIn: string;
  /** Errors further apart than this don't add up, in milliseconds. */
  readonly errorResetMs: number;
  log(line: string, stream?: 'stdout' | 'stderr'): void;
  /** After each change of state. */
  changed(): void;
}

/** Why a component that was up no longer is to be. */
type Ending = 'finished' | 'error' | 'dependency' | 'stop';

/** One component's life: it works its way up as long as it is wanted, and starts again after errors until it is broken. */
export class Component {
  readonly name: string;
  readonly #context: ComponentContext;
  readonly #errors: ErrorCount;
  #state: State = 'NEW';
  #scripts: Script[] = [];
  #life: Promise<void> | undefined;
  #isWanted = false;
  /** Wakes whoever waits for something to change. */
  #wake: () => void = () => undefined;
  #reported: 'RUNNING' | 'ERRORED' | undefined;

  constructor(context: ComponentContext) {
    this.name = context.name;
    this.#context = context;
    this.#errors = new ErrorCount(context.errorResetMs);
  }

  get state(): State {
    return this.#state;
  }

  /** From now on it is to be up. */
  start(): void {
    if (this.#isWanted) return;
    this.#isWanted = true;
    this.#life = this.#live().catch((error: unknown) => {
      this.#context.log(`lifecycle: ${error instanceof Error ? error.stack : String(error)}`);
      this.#become('BROKEN');
    });
  }

  /** Fulfilled when none of its processes is left. */
  async stop(): Promise<void> {
    this.#isWanted = false;
    // An installation is not waited for.
    if (this.#state === 'NEW') void this.#endAll();
    this.#wake();
    await this.#life;
    this.#life = undefined;
  }

  /** What it says of itself (UpdateState). */
  report(state: 'RUNNING' | 'ERRORED'): void {
    this.#reported = state;
    this.#wake();
  }

  /** Something that it may be waiting for is different now. */
  poke(): void {
    this.#wake();
  }

  /** Before a new version is installed. @returns whether that went well */
  async bootstrap(): Promise<boolean> {
    return await this.#finish('bootstrap');
  }

  async #live(): Promise<void> {
    this.#become('NEW');
    while (this.#isWanted) {
      if (this.#state === 'NEW') {
        if (await this.#finish('install')) this.#become('INSTALLED');
        else if (this.#isWanted && !(await this.#failed('NEW', 'install failed'))) this.#become('NEW');
      } else if (this.#state === 'INSTALLED') {
        await this.#until(() => !this.#isWanted || this.#context.areDependenciesUp());
        if (this.#isWanted) await this.#beUp();
      } else await this.#until(() => !this.#isWanted);
    }
    if (this.#state !== 'BROKEN' && this.#state !== 'NEW') this.#become('FINISHED');
  }

  /** From STARTING until it is down again. */
  async #beUp(): Promise<void> {
    this.#reported = undefined;
    this.#become('STARTING');
    const step = this.#context.step('startup') ?? this.#context.step('run');
    if (step === undefined) {
      this.#become('FINISHED');
      await this.#until(() => !this.#isWanted);
      return;
    }
    const isRun = this.#context.step('startup') === undefined;
    const script = this.#start(step);
    let exit: { readonly code: number | null } | undefined;
    void script.ended.then((code) => {
      exit = { code };
      this.#wake();
    });
    const deadline = step.timeoutMs === undefined ? Number.POSITIVE_INFINITY : performance.now() + step.timeoutMs;
    if (isRun) this.#become('RUNNING');
    let why: Ending | undefined;
    let words = '';
    while (why === undefined) {
      const isStarting = this.#state === 'STARTING';
      if (!this.#isWanted) why = 'stop';
      else if (!this.#context.areDependenciesUp()) why = 'dependency';
      else if (this.#reported === 'ERRORED') [why, words] = ['error', 'it reported ERRORED'];
      else if (exit !== undefined && exit.code !== 0)
        [why, words] = ['error', `exit code ${exit.code ?? 'none: a signal'}`];
      else if (exit !== undefined && isRun) why = 'finished';
      else if ((isStarting || isRun) && performance.now() >= deadline) [why, words] = ['error', 'it took too long'];
      else if (isStarting && (exit !== undefined || this.#reported === 'RUNNING')) this.#become('RUNNING');
      else await this.#next(isStarting || isRun ? deadline : Number.POSITIVE_INFINITY);
    }
    await this.#down(why, words);
  }

  async #down(why: Ending, words: string): Promise<void> {
    const before = this.#state;
    if (why === 'finished') {
      this.#become('FINISHED');
      await this.#until(() => !this.#isWanted);
      return;
    }
    // What could not start has nothing to shut down.
    if (why === 'error' && (await this.#failed(before, words))) return;
    this.#become('STOPPING');
    if (before === 'RUNNING') await this.#finish('shutdown');
    await this.#endAll();
    this.#become('INSTALLED');
  }

  /** @returns whether it is broken now */
  async #failed(during: State, words: string): Promise<boolean> {
    this.#context.log(`lifecycle: error while ${during}: ${words}`);
    if (this.#errors.add(during, Date.now())) {
      this.#become('BROKEN');
      if (during !== 'NEW') await this.#finish('shutdown');
      await this.#endAll();
      return true;
    }
    this.#become('ERRORED');
    await this.#finish('recover');
    return false;
  }

  /** Runs a step to its end. @returns whether there was nothing to do, or it ended with 0 in time */
  async #finish(name: StepName): Promise<boolean> {
    const step = this.#context.step(name);
    if (step === undefined) return true;
    const script = this.#start(step);
    let timer: NodeJS.Timeout | undefined;
    const tooLate = new Promise<'too late'>((resolve) => {
      if (step.timeoutMs !== undefined) timer = setTimeout(() => resolve('too late'), step.timeoutMs);
    });
    const outcome = await Promise.race([script.ended, tooLate]);
    clearTimeout(timer);
    if (outcome === 0) return true;
    this.#context.log(`lifecycle: ${name}: ${outcome === 'too late' ? 'it took too long' : `exit code ${outcome}`}`);
    await script.stop();
    return false;
  }

  #start(step: ReadyStep): Script {
    const { directory, noteIn } = this.#context;
    const script = new Script({
      ...{ script: step.script, environment: { ...this.#context.environment(), ...step.environment } },
      ...{ directory, noteIn, log: (stream: 'stdout' | 'stderr', line: string) => this.#context.log(line, stream) },
    });
    this.#scripts.push(script);
    return script;
  }

  async #endAll(): Promise<void> {
    const scripts = this.#scripts;
    this.#scripts = [];
    await Promise.all(scripts.map((script) => script.stop()));
  }

  #become(state: State): void {
    if (this.#state === state) return;
    if (state !== 'ERRORED' && state !== 'BROKEN') this.#errors.forget(this.#state);
    this.#context.log(`lifecycle: ${this.#state} → ${state}`);
    this.#state = state;
    this.#context.changed();
  }

  async #until(isSo: () => boolean): Promise<void> {
    while (!isSo()) await this.#next(Number.POSITIVE_INFINITY);
  }

  /** Waits for the next wake, or the deadline (performance.now()). */
  async #next(deadline: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      if (deadline !== Number.POSITIVE_INFINITY) timer = setTimeout(resolve, Math.max(0, deadline - performance.now()));
    });
    clearTimeout(timer);
  }
}

export function isSettled(state: State): boolean {
  return isUp(state) || state === 'BROKEN';
}
