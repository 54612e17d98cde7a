/**
 * Where the IP header of a captured frame is, for the link types that captures of IP traffic come in. Numbers are those of
 * pcap files (LINKTYPE_…), and DLT_RAW as Linux's libpcap gives it for live captures.
 *
 *     NULL, LOOP   address family, 4 octets: of the capturing host's byte order, or big-endian
 *     ETHERNET     destination 6, source 6, EtherType 2, VLAN tags of 4 before the EtherType
 *     RAW          nothing: the IP version tells the family. IPV4 and IPV6 name it
 *     LINUX_SLL    packet type 2, device type 2, address length 2, address 8, EtherType 2
 *     LINUX_SLL2   EtherType 2, reserved 2, ifindex 4, device type 2, packet type 1, address length 1, address 8
 *     PPP          PPP protocol 2, behind address and control octets (0xff 0x03) in PPP_SERIAL and often in PPP
 *     PPP_ETHER    a PPPoE header
 *
 * What stands between the link's own header and IP (tags, labels, tunnels) is stepped over by `encapsulation.ts`.
 */
import { descend, nothing } from './encapsulation.js';
import { ETHERTYPE_IPV4, ETHERTYPE_IPV6, MAC_LEN } from './ethernet.js';
import { enterLlc, MAX_LENGTH } from './llc.js';
import { NEXT_IP, NetworkLayer } from './network-layer.js';
import { enterPpp, enterPppoe } from './pppoe.js';

export { NetworkLayer };

export const LINKTYPE_NULL = 0;
export const LINKTYPE_ETHERNET = 1;
const LINKTYPE_PPP = 9;
/** What libpcap calls raw IP on Linux; files say 101. */
export const DLT_RAW = 12;
/** The same on OpenBSD. */
export const DLT_RAW_OPENBSD = 14;
const LINKTYPE_PPP_SERIAL = 50;
const LINKTYPE_PPP_ETHER = 51;
export const LINKTYPE_RAW = 101;
export const LINKTYPE_LOOP = 108;
export const LINKTYPE_LINUX_SLL = 113;
export const LINKTYPE_IPV4 = 228;
export const LINKTYPE_IPV6 = 229;
export const LINKTYPE_LINUX_SLL2 = 276;

const NAMES: ReadonlyMap<number, string> = new Map([
  [LINKTYPE_NULL, 'BSD null'],
  [LINKTYPE_ETHERNET, 'Ethernet'],
  [LINKTYPE_PPP, 'PPP'],
  [DLT_RAW, 'raw IP'],
  [DLT_RAW_OPENBSD, 'raw IP'],
  [LINKTYPE_PPP_SERIAL, 'PPP'],
  [LINKTYPE_PPP_ETHER, 'PPPoE'],
  [LINKTYPE_RAW, 'raw IP'],
  [LINKTYPE_LOOP, 'BSD loop'],
  [LINKTYPE_LINUX_SLL, 'Linux cooked'],
  [LINKTYPE_IPV4, 'raw IPv4'],
  [LINKTYPE_IPV6, 'raw IPv6'],
  [LINKTYPE_LINUX_SLL2, 'Linux cooked v2'],
]);

const ARPHRD_LOOPBACK = 772;
const ETH_P_802_2 = 4;
const HDLC_ADDRESS_CONTROL = 0xff03;
const AF_INET = 2;
/** AF_INET6 of Linux, NetBSD and OpenBSD, FreeBSD, macOS. */
const AF_INET6: readonly number[] = [10, 24, 28, 30];

/** The name of a link type that `networkLayer` knows; undefined for any other. */
export function linktypeName(linktype: number): string | undefined {
  return NAMES.get(linktype);
}

/** What there is to say of a link type that frames have, where it cannot be read. */
export function unreadLinktype(linktype: number | undefined): string[] {
  const isRead = linktype === undefined || linktypeName(linktype) !== undefined;
  return isRead ? [] : [`frames of link type ${linktype}, which udp-ufo cannot read`];
}

/**
 * Finds the network layer of the frame in `caplen` octets at `offset`, through tags, labels and LLC. Never throws as long as
 * the frame lies within the view; returns `out.ok`. The IP header itself is not looked at but for raw IP's version.
 */
export function networkLayer(
  view: DataView,
  offset: number,
  caplen: number,
  linktype: number,
  out: NetworkLayer,
): boolean {
  out.offset = offset;
  out.end = offset + caplen;
  out.mac = -1;
  out.layers.clear();
  switch (linktype) {
    case LINKTYPE_ETHERNET:
      out.mac = offset;
      return behind(14, offset + 12, view, out);
    case LINKTYPE_RAW:
    case DLT_RAW:
    case DLT_RAW_OPENBSD:
      out.next = NEXT_IP;
      return descend(view, out);
    case LINKTYPE_IPV4:
    case LINKTYPE_IPV6:
      out.next = linktype === LINKTYPE_IPV4 ? ETHERTYPE_IPV4 : ETHERTYPE_IPV6;
      return descend(view, out);
    case LINKTYPE_LINUX_SLL:
      return cooked(16, offset + 14, view, out);
    case LINKTYPE_LINUX_SLL2:
      return cooked(20, offset, view, out);
    case LINKTYPE_NULL:
    case LINKTYPE_LOOP:
      return afterFamily(view, out);
    case LINKTYPE_PPP:
    case LINKTYPE_PPP_SERIAL:
      return pointToPoint(view, out);
    case LINKTYPE_PPP_ETHER:
      enterPppoe(view, out);
      return descend(view, out);
    default:
      out.stop('link type', linktype);
      return nothing('linktype', out);
  }
}

/**
 * Whether a frame with a whole link header came over a host's own loopback, where no device completes a checksum or cuts a
 * packet.
 */
export function isLoopback(view: DataView, offset: number, linktype: number): boolean {
  if (linktype === LINKTYPE_NULL || linktype === LINKTYPE_LOOP) return true;
  if (linktype === LINKTYPE_LINUX_SLL) return view.getUint16(offset + 2) === ARPHRD_LOOPBACK;
  if (linktype === LINKTYPE_LINUX_SLL2) return view.getUint16(offset + 8) === ARPHRD_LOOPBACK;
  if (linktype !== LINKTYPE_ETHERNET) return false;
  for (let i = 0; i < 2 * MAC_LEN; i++) if (view.getUint8(offset + i) !== 0) return false;
  return true;
}

/** What the EtherType at `at` names comes behind a header of `len` octets. */
function behind(len: number, at: number, view: DataView, out: NetworkLayer): boolean {
  if (!out.has(len)) return nothing('truncated', out);
  out.step(len, view.getUint16(at));
  return descend(view, out);
}

/** As `behind`; small numbers are no length here, but Linux's own ones (`if_ether.h`). */
function cooked(len: number, at: number, view: DataView, out: NetworkLayer): boolean {
  if (!out.has(len)) return nothing('truncated', out);
  const protocol = view.getUint16(at);
  out.step(len, protocol);
  if (protocol === ETH_P_802_2) enterLlc(view, MAX_LENGTH, out);
  else if (protocol <= MAX_LENGTH) out.stop('ethertype', protocol);
  return descend(view, out);
}

/** Whose byte order a BSD null header has is not said; families are small, so the order that makes it small is right. */
function afterFamily(view: DataView, out: NetworkLayer): boolean {
  if (!out.has(4)) return nothing('truncated', out);
  const big = view.getUint32(out.offset);
  const family = big > 0xffff ? view.getUint32(out.offset, true) : big;
  out.step(4, family === AF_INET ? ETHERTYPE_IPV4 : ETHERTYPE_IPV6);
  if (family !== AF_INET && !AF_INET6.includes(family)) out.stop('address family', family);
  return descend(view, out);
}

function pointToPoint(view: DataView, out: NetworkLayer): boolean {
  if (!out.has(2)) return nothing('truncated', out);
  if (view.getUint16(out.offset) === HDLC_ADDRESS_CONTROL) out.offset += 2;
  enterPpp(view, out);
  return descend(view, out);
}
