/** One IPv6 extension header before the upper layer: its type (0, 43 or 60) and its octets, `nextHeader` filled in later. */
export interface ExtensionHeader {
  readonly type: number;
  readonly octets: Uint8Array;
}

/**
 * What every datagram of one 5-tuple has in common: the kernel's flowi and dst_entry together. Immutable, so that header
 * templates can be kept with it.
 */
export interface Flow {
  readonly family: 4 | 6;
  /** 4 or 16 octets, network order. */
  readonly source: Uint8Array;
  /** What the IP header says, 4 or 16 octets: with a source route the first hop, and the route names the final one. */
  readonly destination: Uint8Array;
  readonly sourcePort: number;
  readonly destinationPort: number;
  /** TTL or hop limit. */
  readonly ttl: number;
  /** TOS or traffic class, ECN bits included. */
  readonly tos: number;
  /** 20 bits, IPv6 only. */
  readonly flowLabel: number;
  /** DF: a datagram larger than the MTU is refused with EMSGSIZE instead of cut. IPv4 only. */
  readonly dontFragment: boolean;
  /** IPv4 options as in the first fragment, 0–40 octets, a multiple of 4. */
  readonly options: Uint8Array;
  /** IPv6 extension headers in the order they appear, without the fragment header. */
  readonly extensionHeaders: readonly ExtensionHeader[];
  /** Link header in front of the IP header (Ethernet and VLAN tags); 0 octets for drivers that begin at IP. */
  readonly linkHeader: Uint8Array;
  /** Largest IP packet that may go out: the smaller of device and route. */
  readonly mtu: number;
  /** false: UDP checksum field 0 (RFC 768, RFC 6935). */
  readonly checksum: boolean;
}
