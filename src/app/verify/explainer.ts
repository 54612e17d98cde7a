import { explanation } from '../../verify/explain.js';
import { datagramText } from '../../verify/report.js';
import type { DatagramVerdict } from '../../verify/verdict.js';

/** Bad datagrams that are explained; the rest are mostly of the same kind. */
const MOST_EXPLAINED = 5;

/** The text of each datagram, of the first bad ones with all that explains it. */
export class Explainer {
  #explained = 0;

  text(verdict: DatagramVerdict): string {
    const line = datagramText(verdict);
    if (verdict.verdict !== 'bad' || this.#explained >= MOST_EXPLAINED) return line;
    const why = explanation(verdict);
    this.#explained += 1;
    return why === '' ? line : `${line}\n${why}`;
  }
}
