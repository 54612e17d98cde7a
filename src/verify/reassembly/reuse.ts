import type { Extents } from './extents.js';
import type { Fragment } from './fragment.js';

/** What is known of a datagram in progress. */
interface Progress {
  readonly extents: Extents;
  /** Offset of its latest fragment. */
  readonly lastOffset: number;
}

/** Whole datagrams that had the ident of one before them, until it is believed that idents come again. */
const SEEN = 2;

/**
 * How soon a sender with few idents (a counter of few bits, one and the same for all) has one again: between two datagrams
 * under it that came whole and right. Fragments of one datagram are closer to each other than the first ones of two.
 */
export class Reuse {
  #seen = 0;
  /** Datagrams, and seconds, from one to the next at the least. */
  #datagrams = Number.POSITIVE_INFINITY;
  #seconds = Number.POSITIVE_INFINITY;
  /** Whether in a good datagram a fragment came behind one of a smaller offset, and of a larger one. */
  #up = false;
  #down = false;
  /** When an ident was last seen to come again. */
  #latest = 0;

  /** Whether idents are so few that they must be watched from fragment to fragment. */
  get known(): boolean {
    return this.#seen >= SEEN;
  }

  /** A good datagram. */
  good({ up, down }: { readonly up: boolean; readonly down: boolean }): void {
    this.#up ||= up;
    this.#down ||= down;
  }

  /** At `time`, a good one under the ident of another good one that began so many datagrams and seconds before it. */
  again(datagrams: number, seconds: number, time: number): void {
    this.#latest = time;
    this.#seen++;
    this.#datagrams = Math.min(this.#datagrams, datagrams);
    this.#seconds = Math.min(this.#seconds, Math.max(0, seconds));
  }

  /** What was not seen again for `given` seconds before `time` was another sender's: whoever has few idents shows it all along. */
  forget(time: number, given: number): void {
    if (this.#seen === 0 || Math.abs(time - this.#latest) <= given) return;
    this.#seen = 0;
    this.#datagrams = this.#seconds = Number.POSITIVE_INFINITY;
  }

  /**
   * Whether a fragment that came so many seconds after another may, by that alone, be of a later datagram. Where others have
   * their turn in between, those may have been fewer.
   */
  isLater(seconds: number): boolean {
    return this.known && seconds >= (this.#datagrams > 1 ? this.#seconds / 2 : this.#seconds);
  }

  /**
   * Whether the fragment, unless it is one that is there already, begins another datagram than that in progress, `between`
   * others having begun in the `seconds` since its latest fragment: it stands in the place of one, or is out of the order, up
   * or down, that this sender's come in.
   */
  isNext(
    { extents, lastOffset }: Progress,
    { offset, len, more }: Fragment,
    between: number,
    seconds: number,
  ): boolean {
    if (!this.known) return false;
    const isLater = this.isLater(seconds);
    if (between + 1 < this.#datagrams / 2 && !isLater) return false;
    const there = extents.covered(offset, offset + len);
    if (there.length === 2 && there[0] === offset && there[1] === offset + len) return true;
    if (this.#isInTurn(offset, lastOffset)) return false;
    if (there.length > 0) return isLater; // what overlaps in part may be of the same
    return (this.#down ? !more : offset === 0) || seconds >= this.#seconds / 2;
  }

  /**
   * Whether the fragment may be of another datagram by its place alone: no good one of this sender, whose idents are few, had
   * one there. A path that lets one overtake another does the same, so it is not known.
   */
  mayBeNext({ lastOffset }: Progress, { offset }: Fragment): boolean {
    return this.known && !this.#isInTurn(offset, lastOffset);
  }

  #isInTurn(offset: number, lastOffset: number): boolean {
    return this.#down ? this.#up || offset < lastOffset : offset > lastOffset;
  }
}
