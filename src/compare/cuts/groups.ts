import type { Judgement } from './cause.js';
import type { CutDifference } from './differences.js';
import type { HeldCut } from './explain.js';

/** The datagrams that differ for one reason, and the least of them. */
export interface CauseGroup<Case> {
  /** Of the catalogue, or `unexplained: ` and the fields. */
  readonly code: string;
  readonly what: string;
  readonly rule: string;
  readonly who: string;
  readonly judgement: Judgement | 'unexplained';
  /** Datagrams by the way that cut them. */
  readonly ways: Readonly<Record<string, number>>;
  readonly example: Example<Case>;
}

/** One datagram that shows the difference. */
export interface Example<Case> {
  readonly of: Case;
  readonly way: string;
  readonly differences: readonly CutDifference[];
}

/** Groups kept; unexplained differences can be as many as there are fields. */
const MOST_GROUPS = 256;

type Open<Case> = {
  -readonly [K in keyof CauseGroup<Case>]: CauseGroup<Case>[K];
} & { readonly ways: Record<string, number>; size: readonly number[] };

/** Gathers differences by cause; of each the example with the fewest fragments, then the plainest headers, then octets. */
export class CauseGroups<Case> {
  readonly #groups = new Map<string, Open<Case>>();
  readonly #sizeOf: (one: Case) => readonly number[];
  /** Datagrams of groups that are not kept. */
  others = 0;

  /** @param sizeOf how large a case is, the weightiest first */
  constructor(sizeOf: (one: Case) => readonly number[]) {
    this.#sizeOf = sizeOf;
  }

  add(one: Case, way: string, { causes, left }: HeldCut): void {
    for (const { cause, differences } of causes) {
      const { code, what, rule, who, judgement } = cause;
      this.#add({ code, what, rule, who, judgement }, { of: one, way, differences });
    }
    if (left.length > 0) this.#add(unexplained(left), { of: one, way, differences: left });
  }

  /** Those nobody knows first, then by how they are judged. */
  list(): CauseGroup<Case>[] {
    const rank = ['unexplained', 'broken', 'unsure', 'allowed'];
    return [...this.#groups.values()]
      .map(({ size: _, ...group }) => group)
      .sort((a, b) => rank.indexOf(a.judgement) - rank.indexOf(b.judgement));
  }

  #add(named: Omit<CauseGroup<Case>, 'ways' | 'example'>, example: Example<Case>): void {
    const size = this.#sizeOf(example.of);
    let group = this.#groups.get(named.code);
    if (group === undefined) {
      if (this.#groups.size >= MOST_GROUPS) {
        this.others += 1;
        return;
      }
      group = { ...named, ways: {}, example, size };
      this.#groups.set(named.code, group);
    } else if (isLess(size, group.size)) {
      group.example = example;
      group.size = size;
    }
    group.ways[example.way] = (group.ways[example.way] ?? 0) + 1;
  }
}

/** One kind for all datagrams whose fields differ in the same places: the first fragment, the last one, or others. */
function unexplained(left: readonly CutDifference[]): Omit<CauseGroup<never>, 'ways' | 'example'> {
  const fields = [...new Set(left.map(({ field }) => field))];
  const where = new Set(
    left.map(({ fragment }) => (fragment === 0 ? 'the datagram' : fragment === 1 ? 'first' : 'later')),
  );
  return {
    code: `unexplained: ${fields.join(', ')}`,
    what: `${fields.join(', ')} of ${where.has('the datagram') ? 'the datagram' : `${[...where].join(' and ')} fragments`}`,
    who: 'nobody known',
    rule: 'no known way of cutting explains it',
    judgement: 'unexplained',
  };
}

function isLess(a: readonly number[], b: readonly number[]): boolean {
  const at = a.findIndex((value, i) => value !== b[i]);
  return at >= 0 && a[at]! < b[at]!;
}
