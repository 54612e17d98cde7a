import type { DatagramVerdict } from '../verify/verdict.js';
import type { ExpectedDatagram } from './expected.js';
import { namesOf, namesSeen } from './names.js';
import { NumberTally } from './numbers.js';
import { MOST_OPEN } from './open-datagrams.js';

/** Names under which datagrams came: what has one of them and is not open any more has come once more. */
export class Came {
  readonly #numbers = new NumberTally(false);
  readonly #names = new Set<string>();
  /** Idents of datagrams with a plan: several of one plan may have the same payload. */
  readonly #planned = new Set<number>();

  add({ payload, ident, planned }: ExpectedDatagram): void {
    if (planned !== undefined) this.#addPlanned(ident);
    else if ('seed' in payload) this.#numbers.add(`${payload.seed}`, payload.sequence);
    else if (this.#names.size < MOST_OPEN) {
      const [name] = namesOf({ payload });
      this.#names.add(ident === undefined ? name! : `${name} ${ident}`);
    }
  }

  has(verdict: DatagramVerdict): boolean {
    if (this.hasPlanned(verdict)) return true;
    const told = verdict.seen?.payload?.told;
    if (told) return this.#numbers.has(`${told.seed}`, told.sequence);
    return namesSeen(verdict).some(([name]) => this.#names.has(name) || this.#names.has(`${name} ${verdict.ident}`));
  }

  /** One with the same generated payload, octet by octet. */
  hasPayload({ seen }: DatagramVerdict): boolean {
    const told = seen?.payload?.told;
    return told?.firstWrong === -1 && this.#numbers.has(`${told.seed}`, told.sequence);
  }

  /** A datagram with a plan under the verdict's ident. */
  hasPlanned({ ident }: DatagramVerdict): boolean {
    return ident !== null && this.#planned.has(ident);
  }

  #addPlanned(ident: number | undefined): void {
    if (ident !== undefined && this.#planned.size < MOST_OPEN) this.#planned.add(ident);
  }
}
