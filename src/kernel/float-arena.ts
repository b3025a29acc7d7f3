const pageLength = 65_536;

/** Hands out arrays from large pages: a buffer of its own for each small one would cost more than filling it. */
export class FloatArena {
  #page = new Float32Array(0);
  #used = 0;

  /** An array of that length, of zeros, that nobody else has. */
  take(length: number): Float32Array {
    if (this.#used + length > this.#page.length) {
      this.#page = new Float32Array(Math.max(length, pageLength));
      this.#used = 0;
    }
    return this.#page.subarray(this.#used, (this.#used += length));
  }
}
