/** Times that are kept until something comes behind them. */
const MOST = 1024;

/**
 * Datagrams that came with something wrong, so that nobody knows their numbers. Each is one of the numbers that did not come, if
 * one with a number came behind it; a series that ends with it says nothing of its number.
 */
export class Unnumbered {
  /** Those behind which one with a number came. */
  #between = 0;
  #until = Number.NEGATIVE_INFINITY;
  readonly #open: number[] = [];

  get count(): number {
    return this.#between;
  }

  /** One without, whose last packet came at `time`. */
  add(time: number): void {
    if (time <= this.#until) this.#between += 1;
    else if (this.#open.length < MOST) this.#open.push(time);
  }

  /** One with a number. */
  numbered(time: number): void {
    if (time <= this.#until) return;
    this.#until = time;
    if (this.#open.length === 0) return;
    const later = this.#open.filter((one) => one > time);
    this.#between += this.#open.length - later.length;
    this.#open.splice(0, this.#open.length, ...later);
  }
}
