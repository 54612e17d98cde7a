import * as ipv6 from '../../wire/ipv6.js';
import * as extension from '../../wire/ipv6-extension.js';
import { PROTOCOL as UDP } from '../../wire/udp.js';
import { evidence, hexOctets } from '../findings.js';
import { type Fragment, noHeader, setKey } from '../reassembly/fragment.js';
import type { Group } from '../reassembly/group.js';
import { checkExtensions, extensionFault } from './extensions.js';
import { checkFirst } from './first-fragment.js';
import type { Packet, PacketKind } from './packet.js';

/** The chain of the packet that `parseIpv6` read last; `checkIpv6` goes on from it. */
const chain = new extension.ExtensionChain();

/** Reads the IPv6 headers of `packet` into `fragment`. */
export function parseIpv6(packet: Packet, fragment: Fragment): PacketKind {
  const { view, base, captured, onWire } = packet;
  if (captured < ipv6.HEADER_LEN) {
    if (onWire > captured) return 'short';
    noHeader(fragment, 6);
    return packet.malformed('ip-header-cut', `IPv6 header got ${captured} octets, want ${ipv6.HEADER_LEN}`, [
      0,
      captured,
    ]);
  }
  const field = ipv6.getPayloadLen(view, base);
  extension.walkExtensions(view, base + ipv6.NEXT_HEADER, base + ipv6.HEADER_LEN, chainEnd(packet, field), chain);
  packet.lengthMissing = field === 0 && chain.jumboLen === 0 && chain.upperProtocol !== extension.NO_NEXT_HEADER;
  const len = ipv6.HEADER_LEN + (packet.lengthMissing ? onWire - ipv6.HEADER_LEN : field || chain.jumboLen);
  const end = base + Math.min(len, captured);
  const isFragment = chain.fragmentOffset >= 0;
  fillKey(packet, fragment);
  const version = ipv6.getVersion(view, base);
  if (version !== 6) return packet.malformed('ip-version', `version got ${version}, want 6`, [0, 1]);
  if (!isFragment && chain.status !== 'ok') return brokenChain(packet, len);
  const cut = isFragment ? chain.fragmentOffset + extension.FRAGMENT_HEADER_LEN : chain.upperOffset;
  packet.headerLen = cut - base;
  fragment.data = cut;
  fragment.len = len - packet.headerLen;
  fragment.captured = Math.max(0, end - cut);
  fragment.shortOnWire = onWire < len;
  fragment.limit = ipv6.MAX_PAYLOAD_LEN - (cut - extension.FRAGMENT_HEADER_LEN - base - ipv6.HEADER_LEN);
  if (isFragment) return fragment.offset === 0 && !fragment.more ? 'atomic' : 'fragment';
  if (chain.upperProtocol === UDP) return 'whole';
  return extensionFault(packet, chain) || fragment.shortOnWire ? 'faulty' : 'other';
}

/** Where the headers end at the latest: a payload length of 0 tells nothing. */
function chainEnd({ base, captured }: Packet, payloadLen: number): number {
  return base + (payloadLen === 0 ? captured : Math.min(ipv6.HEADER_LEN + payloadLen, captured));
}

/** A chain that does not come to its end, in a packet that is no fragment. */
function brokenChain(packet: Packet, len: number): PacketKind {
  const cutByCapture = packet.onWire > packet.captured && packet.captured < len;
  const at = chain.upperOffset - packet.base;
  if (chain.status === 'truncated') {
    if (cutByCapture) return 'short';
    const text = 'header chain got an extension header that ends past the packet';
    return packet.malformed('header-chain-length', text, [at, at + 2]);
  }
  const text = 'header chain got a header where it must not stand (RFC 8200 4.1)';
  return packet.malformed('header-chain-order', text, [at, at + 2]);
}

function fillKey(packet: Packet, fragment: Fragment): void {
  const { view, base } = packet;
  const at = chain.fragmentOffset;
  fragment.family = 6;
  fragment.protocol = at < 0 ? chain.upperProtocol : extension.getFragNextHeader(view, at);
  fragment.ident = at < 0 ? 0 : extension.getFragIdent(view, at);
  fragment.offset = at < 0 ? 0 : extension.getFragOff(view, at) << 3;
  fragment.more = at >= 0 && extension.getMoreFrags(view, at);
  fragment.ttl = ipv6.getHopLimit(view, base);
  fragment.tos = ipv6.getTrafficClass(view, base);
  setKey(fragment, view, base);
}

/** Holds the headers of `packet`, the latest of `group`, against the RFCs and against the headers that came first. */
export function checkIpv6(packet: Packet, fragment: Fragment, group: Group): void {
  const { view, base } = packet;
  const flow = view.getInt32(base); // version, traffic class, flow label
  const at = chain.fragmentOffset;
  const fields = (fragment.protocol << 8) | fragment.ttl;
  const extended = packet.headerLen > ipv6.HEADER_LEN + (at < 0 ? 0 : extension.FRAGMENT_HEADER_LEN);
  if (group.seen === 1) {
    group.referenceFlow = flow;
    group.referenceFields = fields;
    group.referenceExtra = perFragmentHeaders(packet)?.slice();
  } else {
    if (flow !== group.referenceFlow) compareFlow(flow, group);
    if (fields !== group.referenceFields) compareFields(fields, group);
    if (extended || group.referenceExtra) compareHeaders(packet, group);
  }
  if (extended || chain.upperOffset > fragment.data) checkExtensions(packet, chain, group);
  if (at >= 0) checkReserved(packet, at, group);
  if (fragment.offset === 0) checkFirst(packet, fragment, group, chain);
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
  if (flowLabel(flow) !== flowLabel(want))
    group.noteField('flow-label-differs', 'flow label', flowLabel(flow), flowLabel(want));
  if (trafficClass(flow) !== trafficClass(want))
    group.noteField('tos-differs', 'TOS/ECN', trafficClass(flow), trafficClass(want));
}

/** Only the first fragment's next header counts (RFC 8200 §4.5): that others say another one is no error. */
function compareFields(fields: number, group: Group): void {
  const want = group.referenceFields;
  if ((fields & 0xff) !== (want & 0xff)) group.noteField('ttl-differs', 'hop limit', fields & 0xff, want & 0xff);
  if (fields >>> 8 !== want >>> 8) group.noteField('next-header-differs', 'next header', fields >>> 8, want >>> 8);
}

/** Headers before the fragment header may differ; those of the first fragment stay (RFC 8200 §4.5). */
function compareHeaders(packet: Packet, group: Group): void {
  const got = perFragmentHeaders(packet) ?? new Uint8Array(0);
  const want = group.referenceExtra ?? new Uint8Array(0);
  if (Buffer.compare(got, want) !== 0)
    group.noteField('extension-headers-differ', 'extension headers', hexOctets(got), hexOctets(want));
}

/** Reserved bits of the fragment header are 0 (RFC 8200 §4.5). */
function checkReserved({ view, base, headerLen }: Packet, at: number, group: Group): void {
  const got = (view.getUint8(at + 1) << 8) | (view.getUint8(at + 3) & 0x06);
  if (got === 0) return;
  const shown = evidence('IPv6 headers', view, base, headerLen, [at + 1 - base, at + 4 - base]);
  group.mismatch('fragment-reserved-bits', `reserved bits got 0x${got.toString(16)}, want 0`, shown);
}
