import type { OctetSummary } from './octets.js';

/** Numbers per fragment: offset, length with the M bit, digest. */
const STRIDE = 4;
/** Arrays that closed records gave back: growing new ones for every datagram keeps the garbage collector busy. */
const spare: number[][] = [];
const MOST_SPARE = 64;

/**
 * The distinct fragments of one datagram without their octets: enough to know a repeated one again, also long after the
 * datagram was complete and its buffer went to the next.
 */
export class FragmentRecords {
  /** Small integers only, which V8 keeps as such; longer than `#used` where it was another's before. */
  #rows: number[] | Int32Array = spare.pop() ?? [];
  #used = 0;
  /** Where the last search ended: repetitions mostly come in the order of the originals. */
  #cursor = 0;

  get count(): number {
    return this.#used / STRIDE;
  }

  /** Must not be called after `close`. */
  add(offset: number, len: number, more: boolean, summary: OctetSummary): void {
    const rows = this.#rows;
    const at = this.#used;
    rows[at] = offset;
    rows[at + 1] = (len << 1) | (more ? 1 : 0);
    rows[at + 2] = summary.low;
    rows[at + 3] = summary.high;
    this.#used = at + STRIDE;
  }

  /** Offset and length of each, in the order of their offsets: `[offset, len, …]`. */
  pieces(): number[] {
    const rows = this.#rows;
    const pieces: number[] = [];
    let sorted = true;
    for (let i = 0; i < this.#used; i += STRIDE) {
      sorted &&= i === 0 || rows[i]! >= rows[i - STRIDE]!;
      pieces.push(rows[i]!, rows[i + 1]! >>> 1);
    }
    if (sorted) return pieces;
    const pairs = Array.from({ length: pieces.length / 2 }, (_, i) => [pieces[2 * i]!, pieces[2 * i + 1]!]);
    return pairs.sort((a, b) => a[0]! - b[0]! || a[1]! - b[1]!).flat();
  }

  /** No more will be added: what is kept for later takes no more room than it must. */
  close(): void {
    const rows = this.#rows;
    if (rows instanceof Int32Array) return;
    const kept = new Int32Array(this.#used);
    for (let i = 0; i < kept.length; i++) kept[i] = rows[i]!;
    this.#rows = kept;
    if (spare.length < MOST_SPARE) spare.push(rows);
  }

  /** Whether a fragment with this offset, length, M bit and octets is there. */
  has(offset: number, len: number, more: boolean, summary: OctetSummary): boolean {
    return this.#find(offset, (len << 1) | (more ? 1 : 0), summary.low, summary.high);
  }

  /** Whether every fragment here is also in `other`. */
  repeats(other: FragmentRecords): boolean {
    const rows = this.#rows;
    for (let i = 0; i < this.#used; i += STRIDE) {
      if (!other.#find(rows[i]!, rows[i + 1]!, rows[i + 2]!, rows[i + 3]!)) return false;
    }
    return true;
  }

  #find(offset: number, lenMore: number, low: number, high: number): boolean {
    const rows = this.#rows;
    const end = this.#used;
    let at = this.#cursor;
    for (let left = end; left > 0; left -= STRIDE) {
      if (at >= end) at = 0;
      if (rows[at] === offset && rows[at + 1] === lenMore && rows[at + 2] === low && rows[at + 3] === high) {
        this.#cursor = at + STRIDE;
        return true;
      }
      at += STRIDE;
    }
    return false;
  }
}
