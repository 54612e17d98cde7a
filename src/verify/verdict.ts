import type { Finding } from './findings.js';
import type { Sighting } from './sighting.js';

/**
 * `good`: all there and right. `bad`: something is wrong. `incomplete`: something is not there. `reassembled`: put together
 * from fragments, but of a protocol in which nothing could be checked. `offloaded`: one packet that no wire carries so, before
 * a device cut it or after one joined it. `spliced`: halves of two datagrams that met under one ident (RFC 4963). `planned`: bad
 * or incomplete just as a fragment plan made it; only whoever knows what was sent can say so.
 */
export type DatagramKind = (typeof DATAGRAM_KINDS)[number];
export const DATAGRAM_KINDS = ['good', 'bad', 'incomplete', 'reassembled', 'offloaded', 'spliced', 'planned'] as const;

/** A count for each kind, nothing counted yet. */
export function countKinds(): Record<DatagramKind, number> {
  return { good: 0, bad: 0, incomplete: 0, reassembled: 0, offloaded: 0, spliced: 0, planned: 0 };
}

/** What the kinds come to where only three matter: nothing is wrong with a splice, but neither of the two came whole. */
export function outcome(kind: DatagramKind): 'good' | 'bad' | 'incomplete' {
  if (kind === 'good' || kind === 'offloaded' || kind === 'planned') return 'good';
  return kind === 'bad' ? 'bad' : 'incomplete';
}

/** What became of one datagram. Field by field the `--json` contract of `udp-ufo verify`; printed as it is. */
export interface DatagramVerdict {
  readonly type: 'datagram';
  readonly family: 4 | 6;
  readonly source: string;
  readonly destination: string;
  /** Tags, labels and tunnels that it came in, from the outermost, like `vlan 100.200 > vxlan 42`; null for none. */
  readonly via: string | null;
  /** IPv4 identification, or that of the IPv6 fragment header; null for IPv6 without one. */
  readonly ident: number | null;
  /** Upper-layer protocol (17 for UDP). */
  readonly protocol: number;
  /** Distinct fragments placed; 0 for a datagram that was not fragmented. */
  readonly fragments: number;
  readonly duplicates: number;
  readonly overlaps: number;
  /** Overlaps whose data differed. */
  readonly conflicts: number;
  /** Missing octets of the reassembled IP payload, `[start, end)`; `end` null while the last fragment is unknown. */
  readonly holes: readonly (readonly [number, number | null])[];
  readonly complete: boolean;
  readonly headerChecksumErrors: number;
  readonly udp: UdpVerdict | null;
  readonly payloadLen: number | null;
  readonly payloadSha256: string | null;
  readonly verdict: DatagramKind;
  /** Each like `fragment #3: fragOff got 184, want 185`. */
  readonly mismatches: readonly string[];
  /** What is odd but not wrong: TTL, TOS/ECN or flow-label differences. */
  readonly notes: readonly string[];
  /** Mismatches and notes once more, each with its code: `codes.ts` says what they mean. */
  readonly findings: readonly Finding[];
  /** Whether octets are missing only since the capture cut its frames. */
  readonly cut: boolean;
  /** Where the verdict is `offloaded`: how many datagrams, and of how many octets of payload; null where that does not show. */
  readonly offloaded: { readonly datagrams: number | null; readonly length: number | null } | null;
  /**
   * The distinct fragments in the order of arrival, and of repeated ones those of which a finding tells, of datagrams that are not
   * plainly good; or the one packet of such that came whole; null for others.
   */
  readonly fragmentList: readonly FragmentVerdict[] | null;
  /** Where it was asked for: what the packets said, for a comparison with what was sent. */
  readonly seen?: Sighting;
}

/** One fragment as it came. */
export interface FragmentVerdict {
  /** As `findings` number it: the first that came is 1, repeated ones count. */
  readonly number: number;
  /** Number of its frame in the capture, from 1. */
  readonly frame: number;
  /** Seconds since the epoch, to the microsecond. */
  readonly time: number;
  /** Octets into the reassembled IP payload, and how many. */
  readonly offset: number;
  readonly length: number;
  readonly more: boolean;
  /** TTL or hop limit, TOS or traffic class. */
  readonly ttl: number;
  readonly tos: number;
  /** Of one that only repeats another. */
  readonly repeated?: true;
}

export interface UdpVerdict {
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly length: number;
  /** `none`: field 0, over IPv4 or of a tunnel; `not-computed`: only the pseudo-header sum, as locally captured offloaded packets show it. */
  readonly checksum: 'good' | 'bad' | 'none' | 'not-computed';
}

export interface VerifySummary {
  readonly type: 'summary';
  readonly frames: number;
  readonly fragments: number;
  readonly datagrams: number;
  readonly good: number;
  readonly bad: number;
  readonly incomplete: number;
  readonly reassembled: number;
  readonly offloaded: number;
  readonly spliced: number;
  readonly planned: number;
  /** Frames that are, or are part of, a datagram above. With the three below they are all frames. */
  readonly judged: number;
  /** Frames that hold neither UDP nor a fragment. */
  readonly other: number;
  /** Frames of which the capture kept too little to tell what they are. */
  readonly headersCut: number;
  /** Frames that UDP or fragments may hide in, by what they are: `ethertype 0x8903`. */
  readonly notJudged: Readonly<Record<string, number>>;
  /** Frames the capture lost; null where it cannot say. */
  readonly captureLost: number | null;
  /** What is missing or wrong at the end of the capture, which may have had more; null where it ended as it should. */
  readonly fault: string | null;
  /** What the capture says of itself, and why of some frames nothing could be read; for people. */
  readonly notes: readonly string[];
  readonly verdict: 'good' | 'bad' | 'inconclusive';
}

/** A verdict while leftovers may still change it. */
export type MutableVerdict = {
  -readonly [K in keyof DatagramVerdict]: DatagramVerdict[K] extends readonly string[] ? string[] : DatagramVerdict[K];
};
