/** Frags that one skb can carry; enough for 65,536 octets that begin in mid-page (include/linux/skbuff.h). */
export const MAX_SKB_FRAGS = 17;

/** A stretch of a page that belongs to an skb. Pages of the pool, or a foreign page. */
export interface SkbFrag {
  page: number;
  offset: number;
  size: number;
}

/** `gsoType` of a datagram to be cut into IP fragments (SKB_GSO_UDP). */
export const SKB_GSO_UDP = 1 << 1;

/** The kernel's skb_shared_info: what every clone of an skb shares. */
export interface SkbSharedInfo {
  /** skbs that share head and frags. */
  dataref: number;
  frags: SkbFrag[];
  /** Octets of IP payload per fragment; 0 where nothing is to be cut. Called ufo_size where the idea was born. */
  gsoSize: number;
  gsoSegs: number;
  gsoType: number;
  /** Identification of the IPv6 fragment header, or of the IPv4 header: one for all fragments of the datagram. */
  ip6FragId: number;
  txFlags: number;
}

export function sharedInfo(): SkbSharedInfo {
  return { dataref: 1, frags: [], gsoSize: 0, gsoSegs: 0, gsoType: 0, ip6FragId: 0, txFlags: 0 };
}
