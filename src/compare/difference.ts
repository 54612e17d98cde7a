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
/** All kinds beyond. */
const FURTHER = { field: 'further fields', from: 'various', to: 'others' } as const;

/** Counts differences by what they are; those beyond the bound are counted together. */
export class DifferenceTally {
  readonly #kinds = new Map<string, { -readonly [K in keyof DifferenceCount]: DifferenceCount[K] }>();

  add(difference: Difference): void {
    const key = keyOf(difference);
    if (this.#kinds.has(key) || this.#kinds.size < MOST_KINDS) this.#count(key, difference);
    else {
      const further = { ...FURTHER, onTheWay: difference.onTheWay };
      this.#count(keyOf(further), further);
    }
  }

  /** In the order in which they were first seen. */
  kinds(): DifferenceCount[] {
    return [...this.#kinds.values()];
  }

  #count(key: string, { field, from, to, onTheWay }: Difference): void {
    const known = this.#kinds.get(key);
    if (known === undefined) this.#kinds.set(key, { field, from, to, onTheWay, datagrams: 1 });
    else known.datagrams += 1;
  }
}

function keyOf({ field, from, to, onTheWay }: Difference): string {
  return `${field} ${from} ${to} ${onTheWay}`;
}
