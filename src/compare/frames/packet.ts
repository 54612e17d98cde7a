import { commonDigest } from '../../verify/reassembly/octets.js';
import { formatAddress } from '../../wire/address.js';
import { type Frame, frameData } from '../../wire/frame.js';
import * as ipv4 from '../../wire/ipv4.js';
import { withoutRouteData } from '../../wire/ipv4-options.js';
import * as ipv6 from '../../wire/ipv6.js';
import * as extension from '../../wire/ipv6-extension.js';
import { NetworkLayer, networkLayer } from '../../wire/link-layer.js';

/** A frame as far as it is known again by what it holds. */
export interface FramePacket {
  /** 0: no IP packet; `packet` is the whole frame then. */
  readonly family: 4 | 6 | 0;
  /** As long as its header says; what the link puts behind it (padding, a checksum) is left out. */
  readonly packet: Uint8Array;
  /** What stands in front: Ethernet header, tags. */
  readonly link: Uint8Array;
  /** Digest of all that nobody may change on the way. */
  readonly digest: string;
  /** Addresses and protocol: whose it is. */
  readonly flow: string;
  /** The datagram by its identification; null where it has none. */
  readonly group: string | null;
  /** Which of that datagram's packets it is, whatever is in it. */
  readonly piece: string | null;
  /** Of a packet that is not cut ports or the like, and length; else as `group`. For people, too. */
  readonly kind: string;
}

const network = new NetworkLayer();

/** Never throws on what a frame holds; null where the capture cut it. */
export function framePacket(frame: Frame): FramePacket | null {
  const octets = frameData(frame);
  const view = new DataView(octets.buffer, octets.byteOffset, octets.length);
  if (!networkLayer(view, 0, octets.length, frame.linktype, network) || !hasHeader(network)) {
    return frame.caplen < frame.len ? null : otherFrame(octets);
  }
  const { family, offset, len } = network;
  const stated = family === 4 ? ipv4.getTotLen(view, offset) : ipv6.HEADER_LEN + ipv6.getPayloadLen(view, offset);
  // A length of 0 is not written yet (segmentation offload); what is longer than the frame was sent so.
  const unwritten = family === 4 ? stated === 0 : stated === ipv6.HEADER_LEN;
  const want = unwritten ? len : stated;
  if (want < (family === 4 ? ipv4.HEADER_LEN : ipv6.HEADER_LEN)) return otherFrame(octets); // no packet of that length can be
  if (want > len && frame.caplen < frame.len) return null;
  const packet = octets.subarray(offset, offset + Math.min(want, len));
  const link = octets.subarray(0, offset);
  return { family: family as 4 | 6, packet, link, ...(family === 4 ? names4(packet) : names6(packet)) };
}

function hasHeader({ family, len }: NetworkLayer): boolean {
  return len >= (family === 4 ? ipv4.HEADER_LEN : ipv6.HEADER_LEN);
}

/** Frames of other protocols: padding to the shortest frame is zeros behind them. */
function otherFrame(octets: Uint8Array): FramePacket {
  let end = octets.length;
  while (end > 14 && octets[end - 1] === 0) end -= 1;
  const digest = commonDigest(octets.subarray(0, end));
  const flow = `ethertype 0x${Buffer.from(octets.subarray(12, 14)).toString('hex')}`;
  const kind = `${flow}, ${octets.length} octets`;
  return { family: 0, packet: octets, link: octets.subarray(0, 0), digest, flow, group: null, piece: null, kind };
}

type Names = Pick<FramePacket, 'digest' | 'flow' | 'group' | 'piece' | 'kind'>;

/** Routers write TTL, TOS, the header's checksum, and recorded routes (RFC 1812 §5.3). */
function names4(packet: Uint8Array): Names {
  const fixed = Uint8Array.from(packet);
  const view = new DataView(fixed.buffer);
  ipv4.setTos(view, 0, 0);
  ipv4.setTtl(view, 0, 0);
  ipv4.setChecksum(view, 0, 0);
  const headerLen = Math.min(packet.length, Math.max(ipv4.HEADER_LEN, ipv4.getHeaderLen(view, 0)));
  fixed.set(withoutRouteData(fixed.subarray(ipv4.HEADER_LEN, headerLen)), ipv4.HEADER_LEN);
  const ident = ipv4.getIdent(view, 0);
  const place = ipv4.getFragWord(view, 0) & (ipv4.MF | ipv4.FRAG_OFF_MASK);
  const flow = `IPv4 ${addresses(packet, 4)} protocol ${ipv4.getProtocol(view, 0)}`;
  const group = ident === 0 ? null : `${flow} id ${ident}`;
  return {
    ...{ digest: commonDigest(fixed), flow, group },
    piece: group && `${group} at ${place} ${packet.length}`,
    kind: place === 0 || group === null ? kindOf(flow, packet, headerLen) : group,
  };
}

const chain = new extension.ExtensionChain();

/** Of the first octet, whose other half is the traffic class. */
const VERSION = 0xf0;

/** Routers write hop limit and traffic class (RFC 8200 §3, §7); the flow label stays (RFC 6437 §2). */
function names6(packet: Uint8Array): Names {
  const fixed = Uint8Array.from(packet);
  const view = new DataView(fixed.buffer);
  ipv6.setClassAndFlow(view, 0, 0, ipv6.getFlowLabel(view, 0));
  view.setUint8(0, packet[0]! & VERSION); // which that has set to 6
  ipv6.setHopLimit(view, 0, 0);
  extension.walkExtensions(view, ipv6.NEXT_HEADER, ipv6.HEADER_LEN, packet.length, chain);
  const { fragmentOffset: at, upperOffset, upperProtocol } = chain;
  const flow = `IPv6 ${addresses(packet, 6)} protocol ${at < 0 ? upperProtocol : extension.getFragNextHeader(view, at)}`;
  const digest = commonDigest(fixed);
  if (at < 0) return { digest, flow, group: null, piece: null, kind: kindOf(flow, packet, upperOffset) };
  const group = `${flow} id ${extension.getFragIdent(view, at)}`;
  const piece = `${group} at ${view.getUint16(at + extension.FRAG_OFF)} ${packet.length}`;
  return { digest, flow, group, piece, kind: group };
}

function addresses(packet: Uint8Array, family: 4 | 6): string {
  const at = family === 4 ? ipv4 : ipv6;
  return `${formatAddress(packet, at.SOURCE, family)} > ${formatAddress(packet, at.DESTINATION, family)}`;
}

function kindOf(flow: string, packet: Uint8Array, upper: number): string {
  return `${flow} begins ${Buffer.from(packet.subarray(upper, upper + 4)).toString('hex')}, ${packet.length} octets`;
}
