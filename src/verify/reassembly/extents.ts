/**
 * Which octets of a datagram are there: disjoint ranges `[start, end)`, ascending, neighbours merged (the complement of
 * RFC 815's hole list). Fragments in order only move the end of the last range; anywhere else is a binary search.
 */
export class Extents {
  /** start, end, start, end, … */
  readonly #bounds: number[] = [];

  /** Ranges, `[start, end)` each. */
  get count(): number {
    return this.#bounds.length >> 1;
  }

  /** The ranges in order, `[start, end)` each. */
  get ranges(): [number, number][] {
    return Array.from({ length: this.count }, (_, i) => [this.#bounds[2 * i]!, this.#bounds[2 * i + 1]!]);
  }

  /** End of the last range, 0 without any. */
  get end(): number {
    return this.#bounds[this.#bounds.length - 1] ?? 0;
  }

  /** Whether `[0, total)` is there without a hole. */
  covers(total: number): boolean {
    return total === 0 || (this.#bounds.length > 0 && this.#bounds[0] === 0 && this.#bounds[1]! >= total);
  }

  intersects(start: number, end: number): boolean {
    const bounds = this.#bounds;
    if (end <= start || bounds.length === 0 || start >= bounds[bounds.length - 1]!) return false;
    return bounds[2 * this.#firstEndingAfter(start)]! < end;
  }

  /** The pieces of `[start, end)` that are already there, as start, end, start, end, … */
  covered(start: number, end: number): number[] {
    const pieces: number[] = [];
    for (let i = this.#firstEndingAfter(start); i < this.count && this.#bounds[2 * i]! < end; i++) {
      pieces.push(Math.max(start, this.#bounds[2 * i]!), Math.min(end, this.#bounds[2 * i + 1]!));
    }
    return pieces;
  }

  /** End of the range that `offset` lies in; it must lie in one. */
  rangeEnd(offset: number): number {
    return this.#bounds[2 * this.#firstEndingAfter(offset) + 1]!;
  }

  /** What is missing, in order; the last hole's end is null while `total` is unknown (below 0). */
  holes(total: number): [number, number | null][] {
    const holes: [number, number | null][] = [];
    let at = 0;
    for (let i = 0; i < this.#bounds.length && (total < 0 || at < total); i += 2) {
      const start = this.#bounds[i]!;
      if (start > at) holes.push([at, total < 0 ? start : Math.min(start, total)]);
      at = this.#bounds[i + 1]!;
    }
    if (total < 0) holes.push([at, null]);
    else if (at < total) holes.push([at, total]);
    return holes;
  }

  /** Adds `[start, end)`, merging what it touches. */
  add(start: number, end: number): void {
    const bounds = this.#bounds;
    const last = bounds.length - 1;
    if (end <= start) return;
    if (last < 0 || start > bounds[last]!) bounds.push(start, end);
    else if (start === bounds[last]) bounds[last] = end;
    else this.#merge(start, end);
  }

  #merge(start: number, end: number): void {
    const bounds = this.#bounds;
    const first = this.#firstEndingAfter(start - 1); // a range ending at `start` is a neighbour
    let behind = first;
    while (behind < this.count && bounds[2 * behind]! <= end) behind++;
    if (behind === first) {
      bounds.splice(2 * first, 0, start, end);
      return;
    }
    const mergedEnd = Math.max(end, bounds[2 * behind - 1]!);
    bounds[2 * first] = Math.min(start, bounds[2 * first]!);
    bounds[2 * first + 1] = mergedEnd;
    if (behind - first > 1) bounds.splice(2 * first + 2, 2 * (behind - first - 1));
  }

  /** Index of the first range whose end is behind `offset`; `count` where there is none. */
  #firstEndingAfter(offset: number): number {
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#bounds[2 * middle + 1]! > offset) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
