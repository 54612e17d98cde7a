import { type Comparison, type Counts, comparisonVerdict } from './comparison.js';
import { type Difference, DifferenceTally } from './difference.js';

/** Of each kind of text. */
const KEPT = 20;

/** What a comparison has to tell beside its counts: what differs and how often, and the first of what else is wrong, for people. */
export class Account {
  readonly #strict: boolean;
  readonly #tally = new DifferenceTally();
  readonly #mismatches: string[] = [];
  readonly #plans: string[] = [];

  /** @param strict nothing may change on the way */
  constructor(strict: boolean) {
    this.#strict = strict;
  }

  /** Counts differences: those that are faults, and those that routers may have made. */
  differ(differences: readonly Difference[]): [faults: readonly Difference[], changed: readonly Difference[]] {
    for (const one of differences) this.#tally.add(one);
    const may = ({ onTheWay }: Difference): boolean => onTheWay && !this.#strict;
    return [differences.filter((one) => !may(one)), differences.filter(may)];
  }

  say(text: string): void {
    if (this.#mismatches.length < KEPT) this.#mismatches.push(text);
  }

  /** Wrong as a fragment plan made it. */
  sayPlanned(text: string): void {
    if (this.#plans.length < KEPT) this.#plans.push(text);
  }

  /** The whole of it: what was counted, with the verdict that follows. */
  comparison(counted: Counts): Comparison {
    const kinds = this.#tally.kinds();
    const counts = { ...counted, changed: kinds.filter(({ onTheWay }) => onTheWay) };
    const differences = kinds.filter(({ onTheWay }) => !onTheWay);
    const verdict = comparisonVerdict(counts, this.#strict);
    return { ...counts, differences, verdict, mismatches: this.#mismatches, plans: this.#plans };
  }
}
