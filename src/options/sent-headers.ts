/**
 * The options of the headers as they stand in what is sent, so that it can be held against what came: `HEADER_OPTIONS` says
 * what was asked for, this what became of it, defaults filled in.
 */
export interface SentHeaders {
  readonly ttl: number;
  /** TOS or traffic class: DSCP and ECN. */
  readonly tos: number;
  /** IPv4. */
  readonly df?: boolean;
  /** IPv4 options, hexadecimal. */
  readonly options?: string;
  /** IPv6; left out where the kernel chooses it. */
  readonly flowLabel?: number;
  /** IPv6 extension headers without the fragment header, as they stand in the packet, hexadecimal. */
  readonly extensionHeaders?: string;
  /** VLAN tags from the outermost, as `--vlan` takes them, empty for none; left out where the kernel writes the link header. */
  readonly vlan?: string;
  readonly checksum: 'computed' | 'zero';
}
