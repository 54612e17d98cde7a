import type { DatagramVerdict } from '../verify/verdict.js';
import type { ExpectedDatagram } from './expected.js';
import { cameWhole, identName, namesOf, namesSeen, sameEnd } from './names.js';
import { OpenNames } from './open-names.js';
import { cameAsPlanned, matchPlanned } from './planned.js';

/** A datagram that was told and has not come. */
export interface OpenDatagram {
  readonly expected: ExpectedDatagram;
  /** Among those of its flow. */
  readonly order: number;
}

/** Datagrams that are known one by one. */
export const MOST_OPEN = 1 << 20;

/**
 * Names alone, and with the ends: many may have the same payload, and who has other ends must not be asked one after the other.
 * What is not known of the ends may be anything.
 */
function fullNames(expected: ExpectedDatagram): string[] {
  const { sourcePort, destination, destinationPort } = expected;
  const known = sourcePort !== undefined && destination !== undefined && destinationPort !== undefined;
  const ends = known ? endsText(sourcePort, destination, destinationPort) : ANY_ENDS;
  return namesOf(expected).flatMap((name) => [name, `${name} ${ends}`]);
}

/** The names of one that came, the surest first; where it came without ports its own name alone. */
function seenAs(name: string, { udp, destination }: DatagramVerdict): string[] {
  if (udp === null) return [name];
  return [`${name} ${endsText(udp.sourcePort, destination, udp.destinationPort)}`, `${name} ${ANY_ENDS}`];
}

const ANY_ENDS = 'any';

function endsText(sourcePort: number, destination: string, destinationPort: number): string {
  return `${sourcePort} ${destination} ${destinationPort}`;
}

/** The datagrams that were told and have not come, to be found by what a verdict says of one. */
export class OpenDatagrams {
  readonly #all = new Set<OpenDatagram>();
  readonly #names = new OpenNames<OpenDatagram>();

  /** False where there are `MOST_OPEN` already: it is not kept. */
  add(datagram: OpenDatagram): boolean {
    if (this.#all.size >= MOST_OPEN) return false;
    this.#all.add(datagram);
    for (const name of fullNames(datagram.expected)) this.#names.add(name, datagram);
    return true;
  }

  close(datagram: OpenDatagram): void {
    this.#all.delete(datagram);
    for (const name of fullNames(datagram.expected)) this.#names.delete(name, datagram);
  }

  /** The one that a verdict is about. */
  find(verdict: DatagramVerdict): OpenDatagram | undefined {
    for (const [name, exact] of namesSeen(verdict)) {
      const wanted = ({ expected }: OpenDatagram): boolean => exact || sameEnd(expected, verdict);
      // Idents come again: whose an incomplete one is does not show where two are on their way.
      for (const full of exact ? [name] : seenAs(name, verdict)) {
        const found = cameWhole(verdict) ? this.#names.find(full, wanted) : this.#names.findOnly(full, wanted);
        if (found !== undefined) return found;
      }
    }
    return undefined;
  }

  /** The one with a plan under the verdict's ident; of several the one that it is exactly. Without an ident only that one. */
  findPlanned(verdict: DatagramVerdict): OpenDatagram | undefined {
    const name = identName(verdict.ident ?? 0);
    const fits = ({ expected: { planned, source, destination } }: OpenDatagram): boolean =>
      planned !== undefined &&
      (source ?? verdict.source) === verdict.source &&
      (destination ?? verdict.destination) === verdict.destination;
    const exact = (one: OpenDatagram): boolean =>
      fits(one) && cameAsPlanned(matchPlanned(one.expected.planned!, verdict));
    return this.#names.find(name, exact) ?? (verdict.ident === null ? undefined : this.#names.find(name, fits));
  }

  /** Those of which nothing has come; what the sender stopped halfway was not to come whole. */
  missing(): ExpectedDatagram[] {
    return [...this.#all].map(({ expected }) => expected).filter(({ stoppedAfter }) => stoppedAfter === undefined);
  }
}
