import type { Fault } from '../faults/rules.js';
import type { SentHeaders } from '../options/sent-headers.js';
import type { Run } from '../verify/sighting.js';

/** One datagram that was sent. Whatever is left out is not compared. */
export interface ExpectedDatagram {
  readonly source?: string;
  readonly destination?: string;
  readonly sourcePort?: number;
  readonly destinationPort?: number;
  /** How it became packets, as `SendResult` has it; told, and known by what it makes of the sizes. */
  readonly way?: string;
  /** IPv4 identification or that of the IPv6 fragment header. */
  readonly ident?: number;
  /** Fragments it was cut into, 0 for none. */
  readonly fragments?: number;
  /** Octets of IP payload in each packet, in the order of offsets, as runs: `[[1480, 44], [395, 1]]`. */
  readonly sizes?: readonly Run[];
  /** No packet may be larger, octets. */
  readonly mtu?: number;
  readonly headers?: ExpectedHeaders;
  readonly payload: ExpectedPayload;
  /** What a fragment plan made of it: then it is right where it came just so. */
  readonly planned?: ExpectedPlan;
  /** It was stopped after this many of its fragments had gone: it never can be whole. */
  readonly stoppedAfter?: number;
}

/** One datagram that the packets of a plan make or begin, and what a verifier has to say of it. */
export interface ExpectedPlan {
  /** As the user wrote it. */
  readonly plan: string;
  readonly verdict: 'good' | 'bad' | 'incomplete';
  readonly faults: readonly Fault[];
  /** Its packets in the order they went, exact copies aside; of a packet that is not cut `more` is 0. */
  readonly packets: readonly PlannedPiece[];
  /** Exact copies beside them. */
  readonly copies: number;
  /** Packets under the same identification that make another datagram, unless one of these is lost. */
  readonly others?: readonly PlannedPiece[];
}

/** Octets into the IP payload, octets, and whether more follow. */
export type PlannedPiece = readonly [offset: number, length: number, more: 0 | 1];

/** One value, or several where a plan gave packets different ones. */
type OneOrMore<T> = T | readonly T[];

/** Those that a plan can give each packet another one of. */
type OfPackets = 'ttl' | 'tos' | 'df' | 'flowLabel';

/** Header fields as they were asked for, or their defaults; those left out are not compared. */
export type ExpectedHeaders = {
  readonly [K in keyof SentHeaders]?: K extends OfPackets ? OneOrMore<NonNullable<SentHeaders[K]>> : SentHeaders[K];
};

/**
 * A payload by what it was generated from, or by its octets' SHA-256, their digest (`commonDigest`, of this machine only), or
 * their length alone.
 */
export type ExpectedPayload =
  | { readonly seed: number; readonly sequence: number; readonly length: number }
  | { readonly sha256?: string; readonly digest?: string; readonly length: number };
