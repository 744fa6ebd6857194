/** Counts requests in each second, for each thing. */
export class RateLimit {
  readonly #perSecond: number;
  #second = 0;
  #counts = new Map<string, number>();

  constructor(perSecond: number) {
    this.#perSecond = perSecond;
  }

  /** Whether one more is within the limit in this second. @param at seconds since 1970 */
  admits(thing: string, at: number): boolean {
    const second = Math.floor(at);
    if (second !== this.#second) this.#counts = new Map();
    this.#second = second;
    const count = (this.#counts.get(thing) ?? 0) + 1;
    this.#counts.set(thing, count);
    return count <= this.#perSecond;
  }
}
