import type { Sighting } from './sighting.js';

/** What became of one datagram. Field by field the `--json` contract of `udp-ufo verify`; printed as it is. */
export interface DatagramVerdict {
  readonly type: 'datagram';
  readonly family: 4 | 6;
  readonly source: string;
  readonly destination: string;
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
  readonly verdict: 'good' | 'bad' | 'incomplete';
  /** Each like `fragment #3: fragOff got 184, want 185`. */
  readonly mismatches: readonly string[];
  /** What is odd but not wrong: TTL, TOS/ECN or flow-label differences. */
  readonly notes: readonly string[];
  /** Where it was asked for: what the packets said, for a comparison with what was sent. */
  readonly seen?: Sighting;
}

export interface UdpVerdict {
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly length: number;
  /** `none`: field 0, IPv4; `not-computed`: only the pseudo-header sum, as locally captured offloaded packets show it. */
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
  /** Frames the capture lost; null where it cannot say. */
  readonly captureLost: number | null;
  readonly verdict: 'good' | 'bad' | 'inconclusive';
}

/** A verdict while leftovers may still change it. */
export type MutableVerdict = {
  -readonly [K in keyof DatagramVerdict]: DatagramVerdict[K] extends readonly string[] ? string[] : DatagramVerdict[K];
};
