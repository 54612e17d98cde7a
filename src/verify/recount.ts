import { countKinds, type DatagramVerdict, type VerifySummary } from './verdict.js';

/** Something above that holds verdicts against more than the RFCs: an `Expectation` mostly. */
export interface Comparer {
  /** The verdict with what differs; null where it is none of its business. */
  take(verdict: DatagramVerdict): { readonly verdict: DatagramVerdict } | null;
  result(end: { readonly captureLost: number | null }): { readonly verdict: VerifySummary['verdict'] };
}

/** Passes verdicts through a comparer, and says what its judgement makes of the summary. */
export class Recount {
  readonly #comparer: Comparer;
  readonly #counts = countKinds();

  constructor(comparer: Comparer) {
    this.#comparer = comparer;
  }

  take(verdict: DatagramVerdict): DatagramVerdict {
    const held = this.#comparer.take(verdict)?.verdict ?? verdict;
    this.#counts[held.verdict] += 1;
    return held;
  }

  /** What one of both calls bad is bad, and good is what both do. */
  summary(summary: VerifySummary): VerifySummary {
    const compared = this.#comparer.result(summary).verdict;
    const verdicts = [summary.verdict, compared, this.#counts.bad > 0 ? 'bad' : 'good'];
    const verdict = verdicts.includes('bad') ? 'bad' : verdicts.includes('inconclusive') ? 'inconclusive' : 'good';
    return { ...summary, ...this.#counts, verdict };
  }
}
