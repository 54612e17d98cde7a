import type { SentCounts } from '../../socket/flight/counts.js';

const NOTHING: SentCounts = {
  ...{ datagrams: 0, failed: 0, fragments: 0, strayFragments: 0, octets: 0, idents: null, ways: [] },
};

/** What several senders have sent so far, by their last reports: summed as if it were one. */
export class QueueTally implements SentCounts {
  readonly #each: SentCounts[];
  readonly #at: number[];

  constructor(queues: number) {
    this.#each = Array.from({ length: queues }, () => NOTHING);
    this.#at = this.#each.map(() => Number.NEGATIVE_INFINITY);
  }

  /** @param at when sender `index` had sent that, milliseconds since the epoch */
  set(index: number, at: number, counts: SentCounts): void {
    this.#each[index] = counts;
    this.#at[index] = at;
  }

  /** No more reports will come. */
  ended(): void {
    this.#at.fill(Number.POSITIVE_INFINITY);
  }

  /** All that any of them sent before is counted; Infinity at the end. */
  get toldUntil(): number {
    return Math.min(...this.#at);
  }

  get each(): readonly SentCounts[] {
    return this.#each;
  }

  get datagrams(): number {
    return this.#sum('datagrams');
  }

  get failed(): number {
    return this.#sum('failed');
  }

  get fragments(): number {
    return this.#sum('fragments');
  }

  get strayFragments(): number {
    return this.#sum('strayFragments');
  }

  get octets(): number {
    return this.#sum('octets');
  }

  /** The first of the first sender, and the last of the last one, that have any. */
  get idents(): SentCounts['idents'] {
    const some = this.#each.flatMap(({ idents }) => idents ?? []);
    return some.length === 0 ? null : { first: some[0]!.first, last: some.at(-1)!.last };
  }

  /** Each way once, with the reason of the first sender that took it. */
  get ways(): SentCounts['ways'] {
    const all = this.#each.flatMap(({ ways }) => ways);
    return all.filter(({ way }, index) => all.findIndex((one) => one.way === way) === index);
  }

  #sum(key: 'datagrams' | 'failed' | 'fragments' | 'strayFragments' | 'octets'): number {
    return this.#each.reduce((total, one) => total + one[key], 0);
  }
}
