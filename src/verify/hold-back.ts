import type { Group } from './group.js';
import type { DatagramVerdict } from './verdict.js';

interface Entry {
  readonly verdict: DatagramVerdict;
  /** The completed datagram whose duplicates may still come; undefined for a verdict that is final. */
  readonly group: Group | undefined;
}

/**
 * Verdicts in the order of completion. One is handed out once it and all before it are final: `duplicates` of a completed
 * datagram grows as long as its leftovers may come, and it keeps those behind it waiting.
 */
export class HoldBack {
  #queue: Entry[] = [];
  #head = 0;
  /** Nothing before this index is held any more. */
  #firstHeld = 0;
  /** Fragments that the held datagrams keep records of. */
  records = 0;

  /** Verdicts waiting. */
  get length(): number {
    return this.#queue.length - this.#head;
  }

  /** The oldest datagram that may still change. */
  get oldest(): Group | undefined {
    for (; this.#firstHeld < this.#queue.length; this.#firstHeld++) {
      const group = this.#queue[this.#firstHeld]!.group;
      if (group?.state === 'held') return group;
    }
    return undefined;
  }

  add(verdict: DatagramVerdict, group?: Group): void {
    if (group) this.records += group.records.count;
    this.#queue.push({ verdict, group });
  }

  /** Hands out what is final, in order. */
  release(out: DatagramVerdict[]): void {
    while (this.#head < this.#queue.length) {
      const { verdict, group } = this.#queue[this.#head]!;
      if (group?.state === 'held') break;
      if (group) this.records -= group.records.count;
      out.push(verdict);
      this.#head++;
    }
    if (this.#head === this.#queue.length || (this.#head > 4096 && this.#head > this.#queue.length / 2)) {
      this.#queue.splice(0, this.#head);
      this.#firstHeld = Math.max(0, this.#firstHeld - this.#head);
      this.#head = 0;
    }
  }
}
