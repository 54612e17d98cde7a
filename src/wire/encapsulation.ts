import { ETHERTYPE_IPV4, ETHERTYPE_IPV6, HEADER_LEN, isTag, TAG_LEN, TRANSPARENT_ETHERNET } from './ethernet.js';
import { enterLlc, MAX_LENGTH } from './llc.js';
import { ETHERTYPE_MAC_IN_MAC, enterMacInMac } from './mac-in-mac.js';
import { ETHERTYPE_MPLS, ETHERTYPE_MPLS_MULTICAST, enterMpls } from './mpls.js';
import { NEXT_CUT, NEXT_IP, NEXT_UNKNOWN, type NetworkLayer } from './network-layer.js';
import { ETHERTYPE_PPPOE, ETHERTYPE_PPPOE_DISCOVERY, enterPppoe } from './pppoe.js';

/**
 * Goes on from what `out.next` names at `out.offset` until an IP header or something that is none; returns `out.ok`. Every
 * round takes octets of the frame or ends it, and `Layers` bounds how many there are.
 */
export function descend(view: DataView, out: NetworkLayer): boolean {
  for (;;) {
    const { next } = out;
    if (next === ETHERTYPE_IPV4) return found(4, out);
    if (next === ETHERTYPE_IPV6) return found(6, out);
    if (next === NEXT_IP) return ipByVersion(view, out);
    if (next === NEXT_CUT || next === NEXT_UNKNOWN) return nothing(next === NEXT_CUT ? 'truncated' : 'not-ip', out);
    enter(view, next, out);
  }
}

function enter(view: DataView, next: number, out: NetworkLayer): void {
  if (isTag(next)) enterVlan(view, out);
  else if (next <= MAX_LENGTH) enterLlc(view, next, out);
  else if (next === ETHERTYPE_MPLS || next === ETHERTYPE_MPLS_MULTICAST) enterMpls(view, out);
  else if (next === ETHERTYPE_PPPOE) enterPppoe(view, out);
  else if (next === ETHERTYPE_MAC_IN_MAC) enterMacInMac(view, out);
  else if (next === TRANSPARENT_ETHERNET) enterEthernet(view, out);
  else out.stop('ethertype', next);
}

function enterEthernet(view: DataView, out: NetworkLayer): void {
  if (!out.has(HEADER_LEN)) return;
  out.mac = out.offset;
  out.step(HEADER_LEN, view.getUint16(out.offset + HEADER_LEN - 2));
}

/** The tag's id, and the EtherType behind it. Id 0 says that there is only a priority (802.1Q §6.9). */
function enterVlan(view: DataView, out: NetworkLayer): void {
  if (!out.has(TAG_LEN)) return;
  const id = view.getUint16(out.offset) & 0x0fff;
  if (id !== 0 && !out.nest('vlan', id)) return;
  out.step(TAG_LEN, view.getUint16(out.offset + 2));
}

function ipByVersion(view: DataView, out: NetworkLayer): boolean {
  if (!out.has(1)) return nothing('truncated', out);
  const version = view.getUint8(out.offset) >>> 4;
  if (version === 4 || version === 6) return found(version, out);
  out.stop('ip version', version);
  return nothing('not-ip', out);
}

function found(family: 4 | 6, out: NetworkLayer): true {
  out.ok = true;
  out.family = family;
  out.len = Math.max(0, out.end - out.offset);
  out.why = '';
  return true;
}

export function nothing(why: 'truncated' | 'not-ip' | 'linktype', out: NetworkLayer): false {
  out.ok = false;
  out.family = 0;
  out.len = 0;
  out.why = why;
  return false;
}

/** EtherTypes of what `descend` goes into. */
const BEHIND_ETHERTYPES: ReadonlySet<number> = new Set([
  ...[ETHERTYPE_MPLS, ETHERTYPE_MPLS_MULTICAST, ETHERTYPE_PPPOE, ETHERTYPE_MAC_IN_MAC],
]);
/** EtherTypes of what carries no IP packet: ARP, RARP, flow control, LACP and the like, 802.1X, LLDP, MRP, PTP, CFM, loopback. */
const WITHOUT_IP: ReadonlySet<number> = new Set([
  ...[0x0806, 0x8035, 0x8808, 0x8809, 0x888e, 0x88cc, 0x88e3, 0x88f5, 0x88f6, 0x88f7, 0x8902, 0x9000],
  ...[ETHERTYPE_PPPOE_DISCOVERY, 0x22f0, 0x8892, 0x88a4, 0x88b8, 0x88ba],
]);
/** LLC users of the same kind: spanning tree, IS-IS, IPX, NetBIOS. */
const LLC_WITHOUT_IP: ReadonlySet<number> = new Set([0x42, 0xe0, 0xf0, 0xfe]);

/** Whether a packet may hide in what `networkLayer` did not get into. */
export function mayHidePackets({ unknown, value }: NetworkLayer): boolean {
  if (unknown === 'ethertype') return !WITHOUT_IP.has(value);
  if (unknown === 'llc') return !LLC_WITHOUT_IP.has(value);
  if (unknown === 'ppp') return value < 0x8000; // above are the control protocols (RFC 1661 §2)
  return true;
}

/** Whether packets are known to come behind this EtherType, or such as carry none: what else may be anything. */
export function isCarried(etherType: number): boolean {
  if (etherType === ETHERTYPE_IPV4 || etherType === ETHERTYPE_IPV6 || etherType === TRANSPARENT_ETHERNET) return true;
  return isTag(etherType) || BEHIND_ETHERTYPES.has(etherType) || WITHOUT_IP.has(etherType);
}

/** `ethertype 0x8903`, as summaries name it. */
export function unknownName({ unknown, value }: NetworkLayer): string {
  switch (unknown) {
    case 'depth':
      return 'nested too deep';
    case 'llc':
      return `llc 0x${value.toString(16).padStart(2, '0')}`;
    case 'ethertype':
    case 'ppp':
    case 'gre protocol':
    case 'gre checksum':
      return `${unknown} 0x${value.toString(16).padStart(4, '0')}`;
    default:
      return `${unknown} ${value}`;
  }
}
