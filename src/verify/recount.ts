import { countKinds, type DatagramVerdict, type VerifySummary } from './verdict.js';
import { summaryVerdict } from './verifier.js';

/** Something above that holds verdicts against more than the RFCs: an `Expectation` mostly. */
export interface Comparer {
  /** UDP checksum 0 over IPv6 is none of the faults (RFC 6935): some were sent so. */
  readonly allowsZeroChecksum?: boolean;
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

  /**
   * What one of both calls bad is bad, and good is what both do; but what a plan made so is not wrong. `strict` is what the summary
   * was made with.
   */
  summary(summary: VerifySummary, strict = false): VerifySummary {
    const compared = this.#comparer.result(summary).verdict;
    const planned = this.#counts.planned > 0;
    const own = planned ? summaryVerdict({ ...summary, ...this.#counts }, strict) : summary.verdict;
    const verdicts = [own, compared, this.#counts.bad > 0 ? 'bad' : 'good'];
    const verdict = verdicts.includes('bad') ? 'bad' : verdicts.includes('inconclusive') ? 'inconclusive' : 'good';
    return { ...summary, ...this.#counts, verdict };
  }
}
