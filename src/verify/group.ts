import type { ReassemblyBuffer } from './buffers.js';
import { Extents } from './extents.js';
import type { Fragment } from './fragment.js';
import { FragmentRecords } from './fragment-records.js';
import type { HeaderValues } from './header-values.js';
import type { MutableVerdict } from './verdict.js';

/**
 * The fragments of one datagram. `pending` until it is complete or given up; complete ones stay `held` for a while, since
 * repeated fragments may still come and count as its duplicates; `gone` is out of the tables.
 */
export class Group {
  readonly family: 4 | 6;
  readonly key: Int32Array;
  readonly ident: number;
  state: 'pending' | 'held' | 'gone' = 'pending';
  /** When the first fragment came, then when the datagram was complete; seconds. */
  time: number;
  /** Next in the hash bucket. */
  next: Group | undefined;
  /** Neighbours in the list of its family's datagrams in progress. */
  older: Group | undefined;
  newer: Group | undefined;
  /** Completed datagram under the same key whose leftovers these may be. */
  predecessor: Group | undefined;
  /** Pending group under the same key. */
  successor: Group | undefined;

  buffer: ReassemblyBuffer | undefined;
  readonly extents = new Extents();
  readonly records = new FragmentRecords();
  /** Start, end, … of octets that fragments have but their frames have not. */
  readonly cuts: number[] = [];
  /** Octets of the reassembled IP payload; −1 until a last fragment tells. `totalFrom` is the number of that fragment. */
  total = -1;
  totalFrom = 0;
  /** One's complement sum of all placed octets; meaningless after an overlap, −1 where it was not kept. */
  sum = 0;
  /** False for a datagram that came in one piece and has no fragment to number. */
  fragmented = true;

  /** Fragments seen, which numbers them in mismatches: #1 came first. */
  seen = 0;
  fragments = 0;
  duplicates = 0;
  overlaps = 0;
  conflicts = 0;
  headerChecksumErrors = 0;
  readonly mismatches: string[] = [];
  readonly notes: string[] = [];

  /** The header fields of fragment #1 that all others are held against; their meaning is the family's. */
  referenceFields = 0;
  referenceFlow = 0;
  /** IPv4 options with the copied flag, or IPv6 per-fragment extension headers; undefined for none. */
  referenceExtra: Uint8Array | undefined;
  /** Upper-layer protocol as far as known. */
  protocol: number;
  /** Octets of the reassembled IP payload before the upper-layer header (IPv6 destination options …). */
  upperOffset = 0;
  /** Octets of the final destination where a route is still to go. */
  finalDestination: Uint8Array | undefined;
  /** Header in front of the reassembled payload; kept only where somebody wants whole packets. */
  header: Uint8Array | undefined;
  /** What the headers said, where somebody asked for sightings. */
  values: HeaderValues | undefined;
  /** Once complete. */
  verdict: MutableVerdict | undefined;

  constructor(fragment: Fragment) {
    this.family = fragment.family;
    this.key = fragment.key.slice(0, fragment.keyLen);
    this.ident = fragment.ident;
    this.time = fragment.time;
    this.protocol = fragment.protocol;
  }
}
