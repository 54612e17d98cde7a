/** A field that came otherwise than it was sent. */
export interface Difference {
  readonly field: string;
  /** As sent. */
  readonly from: string;
  /** As seen. */
  readonly to: string;
  /** A router may do that: it is no fault but on the sender's own link, or where nothing may change. */
  readonly onTheWay: boolean;
}

/** `ttl got 9, want 64 as sent`. */
export function differenceText({ field, from, to }: Difference): string {
  return `${field} got ${to}, want ${from} as sent`;
}

/** Differences of one kind over many datagrams. */
export interface DifferenceCount extends Difference {
  readonly datagrams: number;
}

/** Kinds kept; idents and payloads can differ in as many ways as there are datagrams. */
const MOST_KINDS = 64;

/** Counts differences by what they are; those beyond the bound are counted together. */
export class DifferenceTally {
  readonly #kinds = new Map<string, { -readonly [K in keyof DifferenceCount]: DifferenceCount[K] }>();
  /** Differences of kinds that are not kept. */
  others = 0;

  add(difference: Difference): void {
    const { field, from, to, onTheWay } = difference;
    const key = `${field} ${from} ${to} ${onTheWay}`;
    const known = this.#kinds.get(key);
    if (known !== undefined) known.datagrams += 1;
    else if (this.#kinds.size < MOST_KINDS) this.#kinds.set(key, { field, from, to, onTheWay, datagrams: 1 });
    else this.others += 1;
  }

  /** In the order in which they were first seen. */
  kinds(): DifferenceCount[] {
    return [...this.#kinds.values()];
  }
}
