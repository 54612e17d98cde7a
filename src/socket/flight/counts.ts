import type { ChosenWay, Way } from './way.js';

/** What is counted of a datagram, or of several that are joined. */
export interface Counted {
  readonly chosen: ChosenWay;
  readonly joined: number;
  readonly fragments: number;
  readonly octets: number;
  readonly ident: number | null;
}

/** Sums over what has been sent so far, to be read only. */
export type SentCounts = Readonly<Omit<StreamCounts, 'add' | 'addStopped' | 'seconds'>>;

/**
 * Sums over what has been sent so far; whoever gave them to a stream may look at them while it runs.
 * @example
 * ```js
 * import { createSocket, StreamCounts } from 'udp-ufo';
 *
 * const socket = createSocket('udp4');
 * await socket.connect(9999, '192.0.2.2');
 * const counts = new StreamCounts();
 * await socket.sendMany([new Uint8Array(4000), new Uint8Array(4000)], { counts });
 * console.log(counts.datagrams, counts.fragments); // 2 6
 * await socket.close();
 * ```
 */
export class StreamCounts {
  readonly #ways = new Map<Way, string>();
  #lastChosen: ChosenWay | null = null;
  datagrams = 0;
  /** Datagrams that were stopped, whether or not packets of theirs had gone. */
  failed = 0;
  /** Packets that the kernel took, those of failed datagrams included. */
  fragments = 0;
  /** Of these, those of failed datagrams. */
  strayFragments = 0;
  octets = 0;
  /** From the stream's beginning until the kernel had taken the last; 0 before its end. */
  seconds = 0;
  #first: number | null = null;
  #last: number | null = null;

  /** @internal */
  add({ chosen, joined, fragments, octets, ident }: Counted): void {
    this.datagrams += joined;
    this.fragments += fragments;
    this.octets += octets;
    this.#first ??= ident;
    if (ident !== null) this.#last = ident + joined - 1;
    if (chosen === this.#lastChosen) return;
    this.#lastChosen = chosen;
    if (!this.#ways.has(chosen.way)) this.#ways.set(chosen.way, chosen.why);
  }

  /** @internal Datagrams that were stopped, and the packets of theirs that had gone. */
  addStopped(datagrams: number, fragmentsSent: number): void {
    this.failed += datagrams;
    this.fragments += fragmentsSent;
    this.strayFragments += fragmentsSent;
  }

  /** Identifications of the first and the last datagram that had one; null where the kernel chose them, or none was sent. */
  get idents(): { readonly first: number; readonly last: number } | null {
    return this.#first === null ? null : { first: this.#first, last: this.#last! };
  }

  get ways(): readonly { readonly way: Way; readonly why: string }[] {
    return [...this.#ways].map(([way, why]) => ({ way, why }));
  }
}
