/**
 * Where the IP header of a captured frame is, for the link types that captures of IP traffic come in. Numbers are those of
 * pcap files (LINKTYPE_…), and DLT_RAW as Linux's libpcap gives it for live captures.
 *
 *     NULL, LOOP   address family, 4 octets: of the capturing host's byte order, or big-endian
 *     ETHERNET     destination 6, source 6, EtherType 2, VLAN tags of 4 before the EtherType
 *     RAW          nothing: the IP version tells the family. IPV4 and IPV6 name it
 *     LINUX_SLL    packet type 2, device type 2, address length 2, address 8, EtherType 2
 *     LINUX_SLL2   EtherType 2, reserved 2, ifindex 4, device type 2, packet type 1, address length 1, address 8
 */
import { ETHERTYPE_IPV4, ETHERTYPE_IPV6, isTag, TAG_LEN } from './ethernet.js';

export const LINKTYPE_NULL = 0;
export const LINKTYPE_ETHERNET = 1;
/** What libpcap calls raw IP on Linux; files say 101. */
export const DLT_RAW = 12;
export const LINKTYPE_RAW = 101;
export const LINKTYPE_LOOP = 108;
export const LINKTYPE_LINUX_SLL = 113;
export const LINKTYPE_IPV4 = 228;
export const LINKTYPE_IPV6 = 229;
export const LINKTYPE_LINUX_SLL2 = 276;

const NAMES: ReadonlyMap<number, string> = new Map([
  [LINKTYPE_NULL, 'BSD null'],
  [LINKTYPE_ETHERNET, 'Ethernet'],
  [DLT_RAW, 'raw IP'],
  [LINKTYPE_RAW, 'raw IP'],
  [LINKTYPE_LOOP, 'BSD loop'],
  [LINKTYPE_LINUX_SLL, 'Linux cooked'],
  [LINKTYPE_IPV4, 'raw IPv4'],
  [LINKTYPE_IPV6, 'raw IPv6'],
  [LINKTYPE_LINUX_SLL2, 'Linux cooked v2'],
]);

const AF_INET = 2;
/** AF_INET6 of Linux, NetBSD and OpenBSD, FreeBSD, macOS. */
const AF_INET6: readonly number[] = [10, 24, 28, 30];

/** The name of a link type that `networkLayer` knows; undefined for any other. */
export function linktypeName(linktype: number): string | undefined {
  return NAMES.get(linktype);
}

/**
 * What `networkLayer` found; one object is filled again and again. `family` 0 means no IP packet, and `why`: the frame ends
 * within its link header, carries something else, or has a link type we don't know.
 */
export class NetworkLayer {
  ok = false;
  family: 4 | 6 | 0 = 0;
  /** Offset of the IP header from the start of the view. */
  offset = 0;
  /** Octets captured from there on, padding and trailers included; possibly fewer than a header's. */
  len = 0;
  why: '' | 'truncated' | 'not-ip' | 'linktype' = '';
}

/**
 * Finds the network layer of the frame in `caplen` octets at `offset`, skipping VLAN and QinQ tags. Never throws as long as
 * the frame lies within the view; returns `out.ok`. The IP header itself is not looked at but for raw IP's version.
 */
export function networkLayer(
  view: DataView,
  offset: number,
  caplen: number,
  linktype: number,
  out: NetworkLayer,
): boolean {
  const end = offset + caplen;
  switch (linktype) {
    case LINKTYPE_ETHERNET:
      return afterEtherType(view, offset + 12, offset + 14, end, out);
    case LINKTYPE_RAW:
    case DLT_RAW:
      return rawIp(view, offset, end, out);
    case LINKTYPE_IPV4:
      return found(4, offset, end, out);
    case LINKTYPE_IPV6:
      return found(6, offset, end, out);
    case LINKTYPE_LINUX_SLL:
      return afterEtherType(view, offset + 14, offset + 16, end, out);
    case LINKTYPE_LINUX_SLL2:
      return afterEtherType(view, offset, offset + 20, end, out);
    case LINKTYPE_NULL:
    case LINKTYPE_LOOP:
      return afterFamily(view, offset, end, out);
    default:
      return nothing('linktype', out);
  }
}

/** The EtherType is at `at`, what it names at `payload`; a tag there holds the next EtherType. */
function afterEtherType(view: DataView, at: number, payload: number, end: number, out: NetworkLayer): boolean {
  let start = payload;
  if (start > end) return nothing('truncated', out);
  let etherType = view.getUint16(at);
  while (isTag(etherType)) {
    if (start + TAG_LEN > end) return nothing('truncated', out);
    etherType = view.getUint16(start + 2);
    start += TAG_LEN;
  }
  if (etherType === ETHERTYPE_IPV4) return found(4, start, end, out);
  if (etherType === ETHERTYPE_IPV6) return found(6, start, end, out);
  return nothing('not-ip', out);
}

function rawIp(view: DataView, offset: number, end: number, out: NetworkLayer): boolean {
  if (offset >= end) return nothing('truncated', out);
  const version = view.getUint8(offset) >>> 4;
  return version === 4 || version === 6 ? found(version, offset, end, out) : nothing('not-ip', out);
}

/** Whose byte order a BSD null header has is not said; families are small, so the order that makes it small is right. */
function afterFamily(view: DataView, offset: number, end: number, out: NetworkLayer): boolean {
  if (offset + 4 > end) return nothing('truncated', out);
  const big = view.getUint32(offset);
  const family = big > 0xffff ? view.getUint32(offset, true) : big;
  if (family === AF_INET) return found(4, offset + 4, end, out);
  return AF_INET6.includes(family) ? found(6, offset + 4, end, out) : nothing('not-ip', out);
}

function found(family: 4 | 6, offset: number, end: number, out: NetworkLayer): true {
  out.ok = true;
  out.family = family;
  out.offset = offset;
  out.len = end - offset;
  out.why = '';
  return true;
}

function nothing(why: 'truncated' | 'not-ip' | 'linktype', out: NetworkLayer): false {
  out.ok = false;
  out.family = 0;
  out.offset = 0;
  out.len = 0;
  out.why = why;
  return false;
}
