/** Counts numbers once, however often they come: one bit for each. */
export class Distinct {
  #bits = new Uint8Array(1024);
  #count = 0;

  get count(): number {
    return this.#count;
  }

  add(number: number): void {
    const [byte, bit] = [number >>> 3, 1 << (number & 7)];
    if (byte >= this.#bits.length) {
      const larger = new Uint8Array(2 ** Math.ceil(Math.log2(byte + 1)));
      larger.set(this.#bits);
      this.#bits = larger;
    }
    const before = this.#bits[byte] ?? 0;
    if ((before & bit) !== 0) return;
    this.#bits[byte] = before | bit;
    this.#count++;
  }
}
