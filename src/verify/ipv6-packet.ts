import * as ipv6 from '../wire/ipv6.js';
import * as extension from '../wire/ipv6-extension.js';
import { finalDestination } from '../wire/ipv6-routing.js';
import { PROTOCOL as UDP, HEADER_LEN as UDP_HEADER_LEN } from '../wire/udp.js';
import { hexOctets, mismatch, noteField } from './findings.js';
import { type Fragment, KEY_SOURCE, KEY_WORDS } from './fragment.js';
import type { Group } from './group.js';
import type { Packet, PacketKind } from './packet.js';

const TCP = 6;
const TCP_HEADER_LEN = 20;

/** The chain of the packet that `parseIpv6` read last; `checkIpv6` goes on from it. */
const chain = new extension.ExtensionChain();

/** Reads the IPv6 headers of `packet` into `fragment`. */
export function parseIpv6(packet: Packet, fragment: Fragment): PacketKind {
  const { view, base, captured, onWire } = packet;
  if (captured < ipv6.HEADER_LEN) return onWire > captured ? 'short' : 'other';
  const payloadLen = ipv6.getPayloadLen(view, base);
  const len = ipv6.HEADER_LEN + payloadLen;
  const end = base + Math.min(len, captured);
  extension.walkExtensions(view, base + ipv6.NEXT_HEADER, base + ipv6.HEADER_LEN, end, chain);
  if (chain.fragmentOffset < 0) {
    if (chain.status === 'truncated' && onWire > captured) return 'short';
    if (chain.status !== 'ok' || chain.upperProtocol !== UDP) return 'other';
  }
  const cut = chain.fragmentOffset < 0 ? chain.upperOffset : chain.fragmentOffset + extension.FRAGMENT_HEADER_LEN;
  fillKey(packet, fragment);
  packet.headerLen = cut - base;
  fragment.data = cut;
  fragment.len = len - packet.headerLen;
  fragment.captured = Math.max(0, end - cut);
  fragment.shortOnWire = onWire < len;
  packet.fault = ipv6.getVersion(view, base) === 6 ? '' : `version got ${ipv6.getVersion(view, base)}, want 6`;
  if (packet.fault !== '') return 'malformed';
  if (chain.fragmentOffset < 0) return 'whole';
  fragment.limit = ipv6.MAX_PAYLOAD_LEN - (chain.fragmentOffset - base - ipv6.HEADER_LEN);
  return fragment.offset === 0 && !fragment.more ? 'atomic' : 'fragment';
}

function fillKey(packet: Packet, fragment: Fragment): void {
  const { view, base } = packet;
  const { key } = fragment;
  const at = chain.fragmentOffset;
  fragment.family = 6;
  fragment.keyLen = KEY_WORDS;
  fragment.protocol = at < 0 ? chain.upperProtocol : extension.getFragNextHeader(view, at);
  fragment.ident = at < 0 ? 0 : extension.getFragIdent(view, at);
  fragment.offset = at < 0 ? 0 : extension.getFragOff(view, at) << 3;
  fragment.more = at >= 0 && extension.getMoreFrags(view, at);
  key[0] = 6 << 8;
  key[1] = fragment.ident;
  for (let i = 0; i < 8; i++) key[KEY_SOURCE + i] = view.getInt32(base + ipv6.SOURCE + 4 * i);
}

/** Holds the headers of `packet`, the latest of `group`, against the RFCs and against the headers that came first. */
export function checkIpv6(packet: Packet, fragment: Fragment, group: Group): void {
  const { view, base } = packet;
  const flow = view.getInt32(base); // version, traffic class, flow label
  const at = chain.fragmentOffset;
  const fields = (fragment.protocol << 8) | ipv6.getHopLimit(view, base);
  if (group.seen === 1) {
    group.referenceFlow = flow;
    group.referenceFields = fields;
    group.referenceExtra = perFragmentHeaders(packet)?.slice();
  } else {
    if (flow !== group.referenceFlow) compareFlow(flow, group);
    if (fields !== group.referenceFields) compareFields(fields, group);
    if (packet.headerLen > ipv6.HEADER_LEN + extension.FRAGMENT_HEADER_LEN || group.referenceExtra) {
      compareHeaders(packet, group);
    }
  }
  if (at >= 0) checkReserved(view, at, group);
  if (fragment.offset === 0) checkFirst(packet, fragment, group);
}

/** The extension headers in front of the fragment header; undefined where there is none of either. */
function perFragmentHeaders({ view, base }: Packet): Uint8Array | undefined {
  const start = base + ipv6.HEADER_LEN;
  if (chain.fragmentOffset <= start) return undefined;
  return new Uint8Array(view.buffer, view.byteOffset + start, chain.fragmentOffset - start);
}

function compareFlow(flow: number, group: Group): void {
  const want = group.referenceFlow;
  const flowLabel = (word: number) => word & 0xf_ffff;
  const trafficClass = (word: number) => (word >>> 20) & 0xff;
  if (flowLabel(flow) !== flowLabel(want)) noteField(group, 'flow label', flowLabel(flow), flowLabel(want));
  if (trafficClass(flow) !== trafficClass(want)) noteField(group, 'TOS/ECN', trafficClass(flow), trafficClass(want));
}

function compareFields(fields: number, group: Group): void {
  const want = group.referenceFields;
  if ((fields & 0xff) !== (want & 0xff)) noteField(group, 'hop limit', fields & 0xff, want & 0xff);
  if (fields >>> 8 !== want >>> 8) {
    mismatch(group, `next header got ${fields >>> 8}, want ${want >>> 8} as in fragment #1`);
  }
}

function compareHeaders(packet: Packet, group: Group): void {
  const got = perFragmentHeaders(packet) ?? new Uint8Array(0);
  const want = group.referenceExtra ?? new Uint8Array(0);
  if (Buffer.compare(got, want) !== 0) {
    mismatch(group, `extension headers got ${hexOctets(got)}, want ${hexOctets(want)} as in fragment #1`);
  }
}

/** Reserved bits of the fragment header are 0 (RFC 8200 §4.5). */
function checkReserved(view: DataView, at: number, group: Group): void {
  const got = (view.getUint8(at + 1) << 8) | (view.getUint8(at + 3) & 0x06);
  if (got !== 0) mismatch(group, `reserved bits got 0x${got.toString(16)}, want 0`);
}

/** The first fragment tells the upper layer, and must hold all headers up to its end (RFC 7112). */
function checkFirst(packet: Packet, fragment: Fragment, group: Group): void {
  const { view, base } = packet;
  const at = chain.fragmentOffset;
  group.protocol = chain.upperProtocol;
  group.upperOffset = chain.status === 'ok' ? chain.upperOffset - fragment.data : -1;
  if (chain.routingOffset >= 0 && (at < 0 || chain.routingOffset < at)) {
    const end = new Uint8Array(16);
    const known = finalDestination(view, chain.routingOffset, ipv6.getDestination(view, base), end);
    if (known) group.finalDestination = end;
  }
  if (at < 0) return;
  if (chain.perFragmentEnd > at) {
    mismatch(
      group,
      `fragment header got ${at - base}, want ${chain.perFragmentEnd - base - 8}, behind the routing header`,
    );
  }
  if (chain.status === 'malformed') mismatch(group, 'header chain got a header where it must not stand (RFC 8200 4.1)');
  const cutByCapture = fragment.captured < fragment.len && !fragment.shortOnWire;
  if (!cutByCapture && !holdsChain(fragment)) {
    mismatch(group, `header chain got ${fragment.len} octets of it, want all in the first fragment (RFC 7112)`);
  }
}

function holdsChain(fragment: Fragment): boolean {
  if (chain.status === 'truncated') return false;
  if (chain.status === 'malformed') return true;
  const least = chain.upperProtocol === UDP ? UDP_HEADER_LEN : chain.upperProtocol === TCP ? TCP_HEADER_LEN : 0;
  return chain.upperOffset - fragment.data + least <= fragment.len;
}
