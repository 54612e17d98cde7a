import type { SegmentTable } from '../memory/segment-table.js';
import type { SkBuff } from '../skb/skbuff.js';
import type { PlannedFragment } from './plan.js';
import type { RowSource } from './segment.js';

/**
 * The rows of a datagram with a plan, in the plan's order: headers into the arena, and pieces of the one foreign page that
 * holds all payloads of `skb`. Devices and accounts see rows like any others.
 */
export class PlannedRows implements RowSource {
  owner = 0;
  readonly #skb: SkBuff;
  readonly #fragments: readonly PlannedFragment[];
  #next = 0;
  /** Where the next fragment's payload begins in the foreign page. */
  #offset = 0;
  #waited = false;

  constructor(skb: SkBuff, fragments: readonly PlannedFragment[]) {
    this.#skb = skb;
    this.#fragments = fragments;
  }

  /** Milliseconds that have to pass before the next `run`; say `waited` then. */
  get delay(): number {
    return this.#waited ? 0 : (this.#fragments[this.#next]?.delay ?? 0);
  }

  waited(): void {
    this.#waited = true;
  }

  run(table: SegmentTable): boolean {
    const { bytes } = table.memory;
    const linkLen = this.#skb.flow!.linkHeader.length;
    for (; this.#next < this.#fragments.length; this.#next++) {
      const { header, payload } = this.#fragments[this.#next]!;
      if (this.delay > 0 || !table.hasRoom(header.length)) return false;
      bytes.set(header, table.pushRow(this.owner, header.length, linkLen) - linkLen);
      if (payload.length > 0) table.pushPiece(this.#skb.shinfo.frags[0]!.page, this.#offset, payload.length);
      this.#offset += payload.length;
      this.#waited = false;
    }
    return true;
  }
}
