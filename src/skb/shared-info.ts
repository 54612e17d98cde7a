import type { UbufInfo } from './ubuf-info.js';

/** Frags that one skb can carry; enough for 65,536 octets that begin in mid-page (include/linux/skbuff.h). */
export const MAX_SKB_FRAGS = 17;

/**
 * A stretch of a page that belongs to an skb: of a foreign page, or of a run of pool pages beginning with `page`. The frag
 * holds one reference on each page it touches (`fragPages`).
 */
export interface SkbFrag {
  page: number;
  offset: number;
  size: number;
}

/** `gsoType` of a datagram to be cut into IP fragments (SKB_GSO_UDP). */
export const SKB_GSO_UDP = 1 << 1;

/** `gsoType` of a datagram that may be handed over joined with its equals, and is cut off them again (SKB_GSO_UDP_L4). */
export const SKB_GSO_UDP_L4 = 1 << 17;

/** `txFlags`: the frags are user pages, and `destructorArg` is told when the last reference goes. */
export const SKBTX_DEV_ZEROCOPY = 1 << 3;

/** The kernel's skb_shared_info: what every clone of an skb shares. */
export interface SkbSharedInfo<Skb = unknown> {
  /** skbs that share head and frags. */
  dataref: number;
  /** The kernel's nr_frags is `frags.length`. */
  frags: SkbFrag[];
  /** More data behind the frags: skbs chained by `next`. */
  fragList: Skb | null;
  /** Octets of IP payload per fragment; 0 where nothing is to be cut. Called ufo_size where the idea was born. */
  gsoSize: number;
  gsoSegs: number;
  gsoType: number;
  /**
   * Identification, in both families, of all fragments of the datagram (`ip6_frag_id`; the kernel reads that of IPv4 from the
   * header).
   */
  fragId: number;
  txFlags: number;
  /** Set with SKBTX_DEV_ZEROCOPY; this shared info holds one reference on it. */
  destructorArg: UbufInfo | null;
}

export function sharedInfo<Skb>(): SkbSharedInfo<Skb> {
  return {
    dataref: 1,
    frags: [],
    fragList: null,
    gsoSize: 0,
    gsoSegs: 0,
    gsoType: 0,
    fragId: 0,
    txFlags: 0,
    destructorArg: null,
  };
}
