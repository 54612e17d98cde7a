import { flag, integer, listOf, orNull, shape, text, tuple, whole } from '../../compare/shape.js';

/**
 * What `receive --report` answers to a datagram: how it arrived. A datagram of its own, always short enough for one packet
 * (the way back may not carry fragments either), readable as text: `udp-ufo arrival ` and JSON.
 */
export interface Arrival {
  /** Which datagram: what its generated payload says of itself. */
  readonly seed: number;
  readonly sequence: number;
  /** Octets of payload; null where it did not arrive whole. */
  readonly length: number | null;
  /** Whether the payload was as it was made; null where it did not arrive whole. */
  readonly intact: boolean | null;
  /** Counts up over all datagrams that arrived whole: shows who overtook whom. */
  readonly order: number | null;
  /** Where it came from, as seen there: address translation shows. */
  readonly source: string;
  readonly sourcePort: number;
  /** Its packets, where the receiver may capture; else null. */
  readonly packets: ArrivedPackets | null;
  /** Of a payload that was not generated (seed and sequence are −1 then) how it begins, at most 256 octets in hexadecimal. */
  readonly head?: string;
}

/** Octets of a payload that is not known that a report tells: with the rest of it they fit any packet. */
const MOST_HEAD = 256;

/** The head of a payload that was not generated; null for a report, which nobody answers, or two would do so for ever. */
export function arrivalHead(payload: Uint8Array): string | null {
  if (isReport(payload)) return null;
  return Buffer.from(payload.subarray(0, MOST_HEAD)).toString('hex');
}

/** The packets of one datagram as a capture there saw them. */
export interface ArrivedPackets {
  /** 0: it was not fragmented. */
  readonly fragments: number;
  readonly duplicates: number;
  readonly first: boolean;
  readonly last: boolean;
  /** Whether they came by ascending offset. */
  readonly inOrder: boolean;
  /** Octets of IP payload of each fragment by ascending offset, as runs of `[length, times]`; at most 24 runs. */
  readonly sizes: readonly (readonly [number, number])[];
  /** Of the first that came. */
  readonly ttl: number;
  readonly dontFragment: boolean;
  /** Octets of IPv4 options, or of IPv6 extension headers other than the fragment header, of the first fragment. */
  readonly optionsLen: number;
  /** Identifications seen, of IPv6 those of fragment headers. */
  readonly ident: number;
}

const MAGIC = 'udp-ufo arrival ';
const MAGIC_OCTETS = Buffer.from(MAGIC);

const isArrival = shape(
  {
    ...{ seed: integer, sequence: integer, length: orNull(whole), intact: orNull(flag), order: orNull(whole) },
    ...{ source: text, sourcePort: whole },
    packets: orNull(
      shape({
        ...{ fragments: whole, duplicates: whole, first: flag, last: flag, inOrder: flag, dontFragment: flag },
        ...{ sizes: listOf(tuple(whole, whole)), ttl: whole, optionsLen: whole, ident: whole },
      }),
    ),
  },
  { head: text },
);

export function encodeArrival(arrival: Arrival): Buffer {
  return Buffer.from(`${MAGIC}${JSON.stringify(arrival)}`);
}

/** Whether a datagram begins as a report does. An echo may have 65,527 octets: no more of them is looked at than that. */
export function isReport(bytes: Uint8Array): boolean {
  return MAGIC_OCTETS.equals(bytes.subarray(0, MAGIC.length));
}

/** The report in a datagram; null where it is none (an echo, say). */
export function parseArrival(bytes: Uint8Array): Arrival | null {
  if (!isReport(bytes)) return null;
  const told = bytes.subarray(MAGIC.length);
  try {
    const arrival: unknown = JSON.parse(Buffer.from(told.buffer, told.byteOffset, told.length).toString());
    return isArrival(arrival) ? (arrival as Arrival) : null;
  } catch {
    return null;
  }
}
