import { consumeSkb, kfreeSkb } from '../../skb/release.js';
import { type SkBuff, skbGet } from '../../skb/skbuff.js';

/**
 * The chunks of a UMEM: which are ours, and whose octets are under way in the others. The chunk given back last is taken
 * first, so that the working set is as small as the number of frames under way.
 */
export class XdpChunks {
  readonly #free: Int32Array;
  #freeCount: number;
  /** By chunk: the skb held for it. */
  readonly #held: (SkBuff | null)[];

  constructor(count: number) {
    this.#free = Int32Array.from({ length: count }, (_, i) => count - 1 - i);
    this.#freeCount = count;
    this.#held = new Array<SkBuff | null>(count).fill(null);
  }

  get free(): number {
    return this.#freeCount;
  }

  get underWay(): number {
    return this.#free.length - this.#freeCount;
  }

  /** A chunk for a frame of `skb`, which is held until the chunk is put back. There must be a free one. */
  take(skb: SkBuff): number {
    this.#freeCount -= 1;
    const chunk = this.#free[this.#freeCount]!;
    this.#held[chunk] = skbGet(skb);
    return chunk;
  }

  /** The kernel is done with a chunk. */
  put(chunk: number): void {
    const skb = this.#held[chunk];
    if (skb === null || skb === undefined) return; // a ring in memory that others can write to is not to be trusted
    this.#held[chunk] = null;
    this.#free[this.#freeCount] = chunk;
    this.#freeCount += 1;
    consumeSkb(skb);
  }

  /** Nothing will come back any more: what is still under way counts as not sent. */
  dropAll(): void {
    this.#held.forEach((skb, chunk) => {
      if (skb === null) return;
      this.#held[chunk] = null;
      kfreeSkb(skb);
    });
  }
}
