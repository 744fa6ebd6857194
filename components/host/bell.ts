/** Somebody waits until a time, or until it is rung. What is rung while nobody waits is not lost. */
export class Bell {
  #rung = false;
  #wake: (() => void) | null = null;

  ring(): void {
    this.#rung = true;
    this.#wake?.();
  }

  /** Returns after these milliseconds, at a ring, or when the signal comes. One waits at a time. */
  async wait(milliseconds: number, signal: AbortSignal): Promise<void> {
    if (!this.#rung && !signal.aborted && milliseconds > 0) {
      await new Promise<void>((resolve) => {
        // What setTimeout can't hold is long enough.
        const timer = setTimeout(resolve, Math.min(milliseconds, 2 ** 31 - 1));
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
        signal.addEventListener('abort', this.#wake, { once: true });
      });
      if (this.#wake !== null) signal.removeEventListener('abort', this.#wake);
      this.#wake = null;
    }
    this.#rung = false;
  }
}
