import type { Code } from '../codes.js';
import { type Evidence, Findings } from '../findings.js';
import type { HeaderValues } from '../header-values.js';
import type { PayloadOrigin } from '../payload-origin.js';
import type { MutableVerdict } from '../verdict.js';
import type { ReassemblyBuffer } from './buffers.js';
import { Extents } from './extents.js';
import { type CameAgain, type Flow, FlowMark } from './flow.js';
import type { Fragment } from './fragment.js';
import type { Keyed } from './keyed.js';
import { type FragmentFacts, FragmentRecords } from './records.js';
import { type FrameTold, NOTHING_TOLD } from './told.js';

/**
 * The fragments of one datagram. `pending` until it is complete or given up; complete ones stay `held` for a while, since
 * repeated fragments may still come and count as its duplicates; `gone` is out of the tables.
 */
export class Group implements Keyed {
  readonly family: 4 | 6;
  readonly key: Int32Array;
  readonly ident: number;
  /** Tags, labels and tunnels that it came in, as text, and how many; empty for none. */
  readonly via: string;
  readonly viaDepth: number;
  /** Number of its frame, destination MAC address, TTL, TOS and time of fragment #1. */
  readonly frame: number;
  readonly macHigh: number;
  readonly macLow: number;
  readonly ttl: number;
  readonly tos: number;
  readonly began: number;
  state: 'pending' | 'held' | 'gone' = 'pending';
  /** When the first fragment came, then when the datagram was complete; seconds. */
  time: number;
  /** Next in the hash bucket. */
  next: Keyed | undefined;
  hash = 0;
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
  /** Whether some of them were never on the wire, instead of left out by the capture. */
  shortOnWire = false;
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
  readonly findings = new Findings();

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
  /** Octets of the address that counts as the source, where it is another than the header's (RFC 6275 §11.3.1). */
  homeAddress: Uint8Array | undefined;
  /** Whether it is a jumbogram, whose UDP length may be 0 (RFC 2675 §4). */
  jumbo = false;
  /** Put together from fragments, but of a protocol in which nothing could be checked. */
  unchecked = false;
  /** Octets of the headers in front of a packet that came whole, and whether it came over a host's loopback. */
  headerLen = 0;
  loopback = false;
  /** Of such a packet: octets of IP payload in the largest fragment on its way, 0 where there was none. */
  largestCut = 0;
  /** Octets of each of the datagrams that a host joined in it, as far as that shows. */
  joined = 0;
  /** Header in front of the reassembled payload; kept only where somebody wants whole packets. */
  header: Uint8Array | undefined;
  /** Repeated fragments of which a finding tells. */
  readonly faultyCopies: FragmentFacts[] = [];
  /** What the capture file said of its frames, where somebody wants whole packets. */
  told: FrameTold = NOTHING_TOLD;
  /** What the headers said, where somebody asked for sightings. */
  values: HeaderValues | undefined;
  /** Its flow, and how far that had come at the latest fragment; undefined for what came in one piece. */
  flow: Flow | undefined;
  readonly mark = new FlowMark();
  /** How many datagrams its flow had when it began, itself counted; −1 for what came in one piece. */
  begunAt = -1;
  /** Offset of the latest fragment, and whether one came behind one of a smaller offset, and of a larger. */
  lastOffset = 0;
  up = false;
  down = false;
  /** Whether its ident may have come again between two fragments, and how many datagrams began between them at most. */
  cameAgain: CameAgain = 'no';
  between = 0;
  /** Whose octets the fragments of a generated payload carry, where something is wrong with it. */
  origin: PayloadOrigin | undefined;
  /** Octets of records and findings that it was charged for. */
  readonly charged = { records: 0, findings: 0 };
  /** Once complete. */
  verdict: MutableVerdict | undefined;

  constructor(fragment: Fragment) {
    this.family = fragment.family;
    this.key = fragment.key.slice(0, fragment.keyLen);
    this.ident = fragment.ident;
    this.time = fragment.time;
    this.began = fragment.time;
    this.protocol = fragment.protocol;
    this.viaDepth = fragment.layers.depth;
    this.via = this.viaDepth === 0 ? '' : fragment.layers.text();
    this.macHigh = fragment.macHigh;
    this.macLow = fragment.macLow;
    this.ttl = fragment.ttl;
    this.tos = fragment.tos;
    this.frame = fragment.frame;
  }

  /** What is wrong with the latest fragment. */
  mismatch(code: Code, text: string, evidence?: Evidence): void {
    this.#find('mismatch', code, text, evidence);
  }

  /** What is odd about the latest fragment. */
  note(code: Code, text: string, evidence?: Evidence): void {
    this.#find('note', code, text, evidence);
  }

  /** What is a note, but wrong where everything has to be seen. */
  suspect(strict: boolean, code: Code, text: string): void {
    this.#find(strict ? 'mismatch' : 'note', code, text);
  }

  /** A field of the latest fragment that may differ from fragment #1's, and does. */
  noteField(code: Code, field: string, got: number | string, want: number | string): void {
    this.note(code, `${field} got ${got}, fragment #1 has ${want}`);
  }

  #find(level: 'mismatch' | 'note', code: Code, text: string, evidence?: Evidence): void {
    if (this.fragmented) this.findings.add(level, code, this.seen, `fragment #${this.seen}: ${text}`, evidence);
    else this.findings.add(level, code, null, text, evidence);
  }
}
