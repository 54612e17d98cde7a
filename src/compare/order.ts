interface Flow {
  told: number;
  /** The highest that came. */
  highest: number;
}

/** In which order datagrams come, flow by flow: nobody promises an order between two senders (RFC 4737). */
export class OrderTally {
  readonly #flows = new Map<string, Flow>();
  #late = 0;
  #lateBy = 0;

  /** Came behind one that was sent later, and by how many datagrams at most. */
  get figures(): { readonly late: number; readonly lateBy: number } {
    return { late: this.#late, lateBy: this.#lateBy };
  }

  /** The place of one of a flow that is sent now. */
  next(flow: string): number {
    return this.#flowOf(flow).told++;
  }

  came(flow: string, order: number): void {
    const known = this.#flowOf(flow);
    if (order > known.highest) known.highest = order;
    else {
      this.#late += 1;
      this.#lateBy = Math.max(this.#lateBy, known.highest - order);
    }
  }

  #flowOf(key: string): Flow {
    let flow = this.#flows.get(key);
    if (flow === undefined) {
      flow = { told: 0, highest: -1 };
      this.#flows.set(key, flow);
    }
    return flow;
  }
}
