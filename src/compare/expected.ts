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
  /** It was stopped after this many of its fragments had gone: it never can be whole. */
  readonly stoppedAfter?: number;
}

/** Header fields as they were asked for, or their defaults. */
export interface ExpectedHeaders {
  readonly ttl?: number;
  /** TOS or traffic class: DSCP and ECN. */
  readonly tos?: number;
  /** IPv4. */
  readonly df?: boolean;
  /** IPv6. */
  readonly flowLabel?: number;
  /** VLAN tags from the outermost, as `--vlan` takes them; empty for none. */
  readonly vlan?: string;
  /** IPv4 options, hexadecimal. */
  readonly options?: string;
  /** IPv6 extension headers without the fragment header, as they stand in the packet, hexadecimal. */
  readonly extensionHeaders?: string;
  readonly checksum?: 'computed' | 'zero';
}

/**
 * A payload by what it was generated from, or by its octets' SHA-256, their digest (`commonDigest`, of this machine only), or
 * their length alone.
 */
export type ExpectedPayload =
  | { readonly seed: number; readonly sequence: number; readonly length: number }
  | { readonly sha256?: string; readonly digest?: string; readonly length: number };
