import { ICMP_TYPES } from '../common/icmp-sighting.js';
import type { Sightings } from '../common/sightings.js';

/**
 * How long a far end waits for what does not come, as its Time Exceeded code 1 tells. A capture has to hear that: Linux drops
 * it over IPv4 before any socket does (ICMP_EXC_FRAGTIME in `icmp_unreach`).
 */
export class Silence {
  readonly #sightings: Sightings;
  /** When datagrams were begun, by ident. */
  readonly #began = new Map<number, number>();

  constructor(sightings: Sightings) {
    this.#sightings = sightings;
  }

  began(ident: number | null): void {
    if (ident !== null) this.#began.set(ident, performance.now());
  }

  /** Milliseconds from the begin of a datagram to the word that the rest did not come; null while there is none. */
  endedAfter(): number | null {
    for (const { type, code, ident, at } of this.#sightings.icmp) {
      const began = ident === null ? undefined : this.#began.get(ident);
      if (began !== undefined && isTimeExceeded(type, code)) return at - began;
    }
    return null;
  }
}

function isTimeExceeded(type: number, code: number): boolean {
  return [ICMP_TYPES[4], ICMP_TYPES[6]].some(
    ({ timeExceeded }) => type === timeExceeded[0] && code === timeExceeded[1],
  );
}
