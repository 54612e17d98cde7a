/** Entries already served may stay in the array up to this number, or half of it, before it is cut. */
const KEEP = 256;

/**
 * Who waits, first come, first served; anybody may leave. Every operation takes constant time however many there are (a Set
 * alone steps over all it has served before, again and again).
 */
export class WaitLine<T extends object> {
  #line: T[] = [];
  #head = 0;
  /** Those who have not left. */
  readonly #waiting = new Set<T>();

  get size(): number {
    return this.#waiting.size;
  }

  push(waiter: T): void {
    this.#line.push(waiter);
    this.#waiting.add(waiter);
  }

  /** The first one, who stays. */
  peek(): T | undefined {
    while (this.#head < this.#line.length) {
      const waiter = this.#line[this.#head]!;
      if (this.#waiting.has(waiter)) return waiter;
      this.#head += 1;
    }
    this.#cut();
    return undefined;
  }

  /** Takes one out, wherever he stands. */
  leave(waiter: T): void {
    this.#waiting.delete(waiter);
    this.#cut();
  }

  /** Takes all out, in order. */
  leaveAll(): T[] {
    const all = this.#line.slice(this.#head).filter((waiter) => this.#waiting.has(waiter));
    this.#waiting.clear();
    this.#cut();
    return all;
  }

  #cut(): void {
    if (this.#waiting.size === 0) {
      this.#line = [];
      this.#head = 0;
    } else if (this.#head > KEEP && this.#head * 2 > this.#line.length) {
      this.#line = this.#line.slice(this.#head);
      this.#head = 0;
    }
  }
}
