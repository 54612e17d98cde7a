import { Flow } from './flow.js';
import { type Fragment, KEY_LAYERS } from './fragment.js';
import type { ReassemblyLimits } from './limits.js';

/** Flows that are remembered; more make room by forgetting all. */
const MOST = 4096;

/** Flows by addresses and network. A hash alone tells them apart; two under one count too much. */
export class FlowTable {
  readonly #flows = new Map<number, Flow>();
  #lastKey = 0;
  #last: Flow | undefined;
  readonly #limits: ReassemblyLimits;

  constructor(limits: ReassemblyLimits) {
    this.#limits = limits;
  }

  of(fragment: Fragment): Flow {
    const h = hash(fragment);
    if (this.#last && h === this.#lastKey) return this.#last;
    let flow = this.#flows.get(h);
    if (flow === undefined) {
      if (this.#flows.size >= MOST) this.#flows.clear();
      const { timeout4, timeout6 } = this.#limits;
      flow = new Flow(fragment.family, fragment.family === 4 ? timeout4 : timeout6);
      this.#flows.set(h, flow);
    }
    this.#lastKey = h;
    this.#last = flow;
    return flow;
  }

  /** The flow of a packet that is no fragment, if there is one. */
  find(fragment: Fragment): Flow | undefined {
    return this.#flows.get(hash(fragment));
  }
}

function hash({ key, keyLen, family }: Fragment): number {
  let h: number = family;
  for (let i = KEY_LAYERS; i < keyLen; i++) h = Math.imul(h ^ key[i]!, 0x9e3779b1) ^ (h >>> 15);
  return h;
}
