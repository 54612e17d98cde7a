import { Fifo } from '../memory/fifo.js';

/** Who waits, first come, first served; anybody may leave. Every operation takes constant time however many there are. */
export class WaitLine<T extends object> {
  /** Those who have left stand here until their turn comes. */
  readonly #line = new Fifo<T>();
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
    let waiter = this.#line.peek();
    for (; waiter !== undefined && !this.#waiting.has(waiter); waiter = this.#line.peek()) this.#line.shift();
    return waiter;
  }

  /** Takes one out, wherever he stands. */
  leave(waiter: T): void {
    this.#waiting.delete(waiter);
    if (this.#waiting.size === 0) this.#line.takeOut(() => true);
  }

  /** Takes all out, in order. */
  leaveAll(): T[] {
    const all = this.#line.takeOut(() => true).filter((waiter) => this.#waiting.has(waiter));
    this.#waiting.clear();
    return all;
  }
}
