import type { SendResult } from '../../socket/flight/datagram.js';
import type { Way } from '../../socket/flight/way.js';

/** Sums over what has been sent so far; kept here so that a send that ends early can be told of as well. */
export class SendTally {
  readonly #ways = new Map<Way, string>();
  datagrams = 0;
  fragments = 0;
  octets = 0;
  #first: number | null = null;
  #last: number | null = null;

  add({ way, why, fragments, octets, ident }: SendResult): void {
    this.datagrams += 1;
    this.fragments += fragments;
    this.octets += octets;
    this.#first ??= ident;
    this.#last = ident ?? this.#last;
    if (!this.#ways.has(way)) this.#ways.set(way, why);
  }

  /** Identifications of the first and the last datagram that had one; null where the kernel chose them, or none was sent. */
  get idents(): { readonly first: number; readonly last: number } | null {
    return this.#first === null ? null : { first: this.#first, last: this.#last! };
  }

  get ways(): readonly { readonly way: Way; readonly why: string }[] {
    return [...this.#ways].map(([way, why]) => ({ way, why }));
  }
}
