import type { Fragment } from './fragment.js';
import type { OctetSummary } from './octets.js';

/** Numbers per fragment: offset, length with the M bit, digest of two, frame, microseconds, TTL and TOS, its own number. */
const STRIDE = 8;
/** A packet of 65,535 octets has no more fragments that carry anything and do not overlap. */
const MOST = 8192;
/** Searched one by one below that, by an index above. */
const FEW = 16;
/** Arrays that closed records gave back: growing new ones for every datagram keeps the garbage collector busy. */
const spare: number[][] = [];
const MOST_SPARE = 64;

/** One fragment, as it was placed. */
export interface FragmentFacts {
  /** As mismatches number it: the first that came is 1, repeated ones count. */
  readonly number: number;
  readonly frame: number;
  /** Microseconds after the first. */
  readonly micros: number;
  readonly offset: number;
  readonly length: number;
  readonly more: boolean;
  readonly ttl: number;
  readonly tos: number;
}

/**
 * The distinct fragments of one datagram without their octets: enough to know a repeated one again, also long after the
 * datagram was complete and its buffer went to the next, and to tell which they were.
 */
export class FragmentRecords {
  /** Small integers only, which V8 keeps as such; longer than `#used` where it was another's before. */
  #rows: number[] | Int32Array = spare.pop() ?? [];
  #used = 0;
  /** Where the last search ended: repetitions mostly come in the order of the originals. */
  #cursor = 0;
  /** Open addressing over row numbers + 1, 0 for none, at most half full; made when a search does not end at the cursor. */
  #index: Int32Array | undefined;
  /** Fragments of which there was no room for a record. */
  leftOut = 0;

  get count(): number {
    return this.#used / STRIDE;
  }

  /**
   * Octets that the records take. Once closed they take half, and the index that a later search may make, a quarter at the
   * most, has room in what was told before.
   */
  get octets(): number {
    return 8 * this.#used + (this.#index?.byteLength ?? 0);
  }

  /** Must not be called after `close`. */
  add({ offset, len, more, frame, ttl, tos }: Fragment, number: number, micros: number, summary: OctetSummary): void {
    const rows = this.#rows;
    const at = this.#used;
    if (at >= MOST * STRIDE) {
      this.leftOut++;
      return;
    }
    rows[at] = offset;
    rows[at + 1] = (len << 1) | (more ? 1 : 0);
    rows[at + 2] = summary.low;
    rows[at + 3] = summary.high;
    rows[at + 4] = frame | 0;
    rows[at + 5] = micros;
    rows[at + 6] = (tos << 8) | ttl;
    rows[at + 7] = number;
    this.#used = at + STRIDE;
    if (this.#index === undefined) return;
    if (2 * this.count > this.#index.length) this.#index = this.#makeIndex();
    else this.#put(this.#index, at);
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
    this.#index = undefined;
    const rows = this.#rows;
    if (rows instanceof Int32Array) return;
    const kept = new Int32Array(this.#used);
    for (let i = 0; i < kept.length; i++) kept[i] = rows[i]!;
    this.#rows = kept;
    if (spare.length < MOST_SPARE) spare.push(rows);
  }

  /** Takes rows that were kept elsewhere, closed. */
  restore(rows: Int32Array): void {
    this.close();
    this.#rows = rows;
    this.#used = rows.length;
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

  /** The first `most` of them, in the order of arrival. */
  facts(most: number): FragmentFacts[] {
    const rows = this.#rows;
    return Array.from({ length: Math.min(most, this.count) }, (_, i) => {
      const at = i * STRIDE;
      return {
        number: rows[at + 7]!,
        frame: rows[at + 4]!,
        micros: rows[at + 5]!,
        offset: rows[at]!,
        length: rows[at + 1]! >>> 1,
        more: (rows[at + 1]! & 1) !== 0,
        ttl: rows[at + 6]! & 0xff,
        tos: rows[at + 6]! >>> 8,
      };
    });
  }

  #find(offset: number, lenMore: number, low: number, high: number): boolean {
    const end = this.#used;
    let at = this.#cursor < end ? this.#cursor : 0;
    for (let left = Math.min(FEW * STRIDE, end); left > 0; left -= STRIDE) {
      if (this.#is(at, offset, lenMore, low, high)) {
        this.#cursor = at + STRIDE;
        return true;
      }
      at = at + STRIDE < end ? at + STRIDE : 0;
    }
    return end > FEW * STRIDE && this.#findIndexed(offset, lenMore, low, high);
  }

  #findIndexed(offset: number, lenMore: number, low: number, high: number): boolean {
    this.#index ??= this.#makeIndex();
    const mask = this.#index.length - 1;
    for (let slot = bucket(offset, low) & mask; this.#index[slot] !== 0; slot = (slot + 1) & mask) {
      const at = (this.#index[slot]! - 1) * STRIDE;
      if (!this.#is(at, offset, lenMore, low, high)) continue;
      this.#cursor = at + STRIDE;
      return true;
    }
    return false;
  }

  #is(at: number, offset: number, lenMore: number, low: number, high: number): boolean {
    const rows = this.#rows;
    return rows[at] === offset && rows[at + 1] === lenMore && rows[at + 2] === low && rows[at + 3] === high;
  }

  /** Of those there are, and with room for about as many more: two to four slots each. */
  #makeIndex(): Int32Array {
    const index = new Int32Array(4 << (31 - Math.clz32(this.count)));
    for (let at = 0; at < this.#used; at += STRIDE) this.#put(index, at);
    return index;
  }

  #put(index: Int32Array, at: number): void {
    const mask = index.length - 1;
    let slot = bucket(this.#rows[at]!, this.#rows[at + 2]!) & mask;
    while (index[slot] !== 0) slot = (slot + 1) & mask;
    index[slot] = at / STRIDE + 1;
  }
}

function bucket(offset: number, low: number): number {
  const h = Math.imul(offset ^ low, 0x9e3779b1);
  return h ^ (h >>> 15);
}
