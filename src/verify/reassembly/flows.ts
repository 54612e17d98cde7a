import { type Fragment, KEY_LAYERS } from './fragment.js';

/** Of a counter that goes on by one a datagram, what is at most skipped at once; larger steps are no counter's. */
const LARGEST_STEP = 0x4000;
/** So far has a 16-bit counter gone when an ident comes again, less what one step may skip. */
export const CAME_AGAIN = 0x1_0000 - LARGEST_STEP;
/** Flows that are remembered; more make room by forgetting all. */
const MOST = 4096;

/** The idents of one source and destination as they come: how far their counter went. */
export class Flow {
  #last = -1;
  /** Sum of the steps forward. */
  distance = 0;

  begin(ident: number): void {
    const step = (ident - this.#last) & 0xffff;
    if (this.#last >= 0 && step <= LARGEST_STEP) this.distance += step;
    this.#last = ident;
  }
}

/**
 * Flows of IPv4 fragments by addresses and network. IPv4 idents have 16 bits and come again within the reassembly time where
 * datagrams are many (RFC 4963): then halves of two may meet. A hash alone tells flows apart; two under one count too much.
 */
export class FlowTable {
  readonly #flows = new Map<number, Flow>();
  #lastKey = 0;
  #last: Flow | undefined;

  of({ key, keyLen }: Fragment): Flow {
    let h = 0;
    for (let i = KEY_LAYERS; i < keyLen; i++) h = Math.imul(h ^ key[i]!, 0x9e3779b1) ^ (h >>> 15);
    if (this.#last && h === this.#lastKey) return this.#last;
    let flow = this.#flows.get(h);
    if (flow === undefined) {
      if (this.#flows.size >= MOST) this.#flows.clear();
      flow = new Flow();
      this.#flows.set(h, flow);
    }
    this.#lastKey = h;
    this.#last = flow;
    return flow;
  }
}
