import type { OctetSummary } from './octets.js';

/** Numbers per fragment: offset, length with the M bit, digest. */
const STRIDE = 4;

/**
 * The distinct fragments of one datagram without their octets: enough to know a repeated one again, also long after the
 * datagram was complete and its buffer went to the next.
 */
export class FragmentRecords {
  /** Small integers only, which V8 keeps as such. */
  readonly #rows: number[] = [];
  /** Where the last search ended: repetitions mostly come in the order of the originals. */
  #cursor = 0;

  get count(): number {
    return this.#rows.length / STRIDE;
  }

  add(offset: number, len: number, more: boolean, summary: OctetSummary): void {
    this.#rows.push(offset, (len << 1) | (more ? 1 : 0), summary.low, summary.high);
  }

  /** Whether a fragment with this offset, length, M bit and octets is there. */
  has(offset: number, len: number, more: boolean, summary: OctetSummary): boolean {
    return this.#find(offset, (len << 1) | (more ? 1 : 0), summary.low, summary.high);
  }

  /** Whether every fragment here is also in `other`. */
  repeats(other: FragmentRecords): boolean {
    const rows = this.#rows;
    for (let i = 0; i < rows.length; i += STRIDE) {
      if (!other.#find(rows[i]!, rows[i + 1]!, rows[i + 2]!, rows[i + 3]!)) return false;
    }
    return true;
  }

  #find(offset: number, lenMore: number, low: number, high: number): boolean {
    const rows = this.#rows;
    let at = this.#cursor;
    for (let left = rows.length; left > 0; left -= STRIDE) {
      if (at >= rows.length) at = 0;
      if (rows[at] === offset && rows[at + 1] === lenMore && rows[at + 2] === low && rows[at + 3] === high) {
        this.#cursor = at + STRIDE;
        return true;
      }
      at += STRIDE;
    }
    return false;
  }
}
