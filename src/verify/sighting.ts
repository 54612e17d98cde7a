import { type GeneratedPayload, inspectPayload } from '../payload/generated.js';
import { commonDigest } from './reassembly/octets.js';

/** What a datagram's packets said beyond the verdict: all that a comparison with what was sent needs. */
export interface Sighting {
  /** Octets of IP payload in each packet, in the order of offsets, as runs: `[[1480, 44], [395, 1]]`. */
  readonly sizes: readonly Run[];
  /** Octets of the largest IP packet. */
  readonly largest: number;
  /** The values that a field had in the packets, each once and in the order they came; mostly it is one. */
  readonly ttl: readonly number[];
  readonly tos: readonly number[];
  /** IPv4. */
  readonly df: readonly boolean[];
  /** IPv6. */
  readonly flowLabel: readonly number[];
  /** VLAN tags from the outermost, `100.3` with a priority; null where the link has none. */
  readonly vlan: readonly (string | null)[];
  /** IPv4: the options of the first fragment, in hexadecimal; null where that did not come. */
  readonly options: string | null;
  /** IPv6: the headers between the fixed one and the upper layer, without the fragment header; null as for `options`. */
  readonly extensionHeaders: string | null;
  /** Null where it is not whole. */
  readonly payload: SeenPayload | null;
  /** Which the beginning of a generated payload says it is, of one that is not whole. */
  readonly begins?: { readonly seed: number; readonly sequence: number; readonly sourcePort: number };
  /** When the last packet came, seconds since the epoch. */
  readonly time: number;
}

/** So many octets, so many times in a row. */
export type Run = readonly [octets: number, times: number];

/** Equal lengths in a row, counted. */
export function runsOf(lengths: readonly number[]): Run[] {
  const out: [number, number][] = [];
  for (const len of lengths) {
    const last = out[out.length - 1];
    if (last !== undefined && last[0] === len) last[1] += 1;
    else out.push([len, 1]);
  }
  return out;
}

/** What a payload says of itself, where it was generated, and its digest where it says nothing, or is not as it says. */
export interface SeenPayload {
  readonly told: GeneratedPayload | null;
  readonly digest: string | null;
}

export function seenPayload(payload: Uint8Array): SeenPayload {
  const told = inspectPayload(payload);
  const asTold = told !== null && told.firstWrong < 0 && told.length === payload.length;
  return { told, digest: asTold ? null : commonDigest(payload) };
}
