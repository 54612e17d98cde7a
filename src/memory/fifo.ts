/** Entries already taken stay in the array up to this number, or half of it, before they are cut off. */
const KEEP = 256;

/**
 * First in, first out, in constant time however many wait (`Array.shift` moves all that stand behind, a `Set` steps over the
 * gone).
 */
export class Fifo<T> {
  #items: T[] = [];
  #head = 0;

  get length(): number {
    return this.#items.length - this.#head;
  }

  push(item: T): void {
    this.#items.push(item);
  }

  /** The first one, which stays. */
  peek(): T | undefined {
    return this.#items[this.#head];
  }

  /** Takes the first one out, if there is one. */
  shift(): T | undefined {
    const item = this.#items[this.#head++];
    if (this.#head > KEEP && this.#head * 2 > this.#items.length) this.#items = this.#items.slice(this.#head);
    else if (this.#head < this.#items.length) return item;
    else this.#items = [];
    this.#head = 0;
    return item;
  }

  /** Takes out all that `leaves` says, wherever they stand, and returns them in order. */
  takeOut(leaves: (item: T) => boolean): T[] {
    const out: T[] = [];
    const stay: T[] = [];
    for (let i = this.#head; i < this.#items.length; i++) {
      const item = this.#items[i]!;
      (leaves(item) ? out : stay).push(item);
    }
    this.#items = stay;
    this.#head = 0;
    return out;
  }
}
