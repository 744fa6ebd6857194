import { paint, remark } from './output.ts';

/** Says what is being done, and when it is done how long it took. On a terminal the line in work is shown at once and then replaced. */
export class Progress {
  readonly #quiet: boolean;
  readonly #terminal = process.stderr.isTTY === true;
  #current: { readonly what: string; readonly begun: number } | null = null;

  constructor(quiet = false) {
    this.#quiet = quiet;
  }

  /** The next piece of work; what was in work before is done with it. */
  readonly say = (what: string): void => {
    this.done();
    this.#current = { what, begun: performance.now() };
    if (this.#terminal && !this.#quiet) process.stderr.write(`${paint('dim', '…', process.stderr)} ${what}`);
  };

  /** The piece in work is done. */
  readonly done = (): void => {
    if (this.#current === null || this.#quiet) {
      this.#current = null;
      return;
    }
    const { what, begun } = this.#current;
    this.#current = null;
    if (this.#terminal) process.stderr.write('\r\u001b[2K');
    const seconds = ((performance.now() - begun) / 1000).toFixed(1);
    remark(`${paint('green', '✓', process.stderr)} ${what} ${paint('dim', `${seconds} s`, process.stderr)}`);
  };
}
