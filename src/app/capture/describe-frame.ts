import { formatAddress } from '../../wire/address.js';
import { unknownName } from '../../wire/encapsulation.js';
import * as ethernet from '../../wire/ethernet.js';
import type { Frame } from '../../wire/frame.js';
import * as ipv4 from '../../wire/ipv4.js';
import * as ipv6 from '../../wire/ipv6.js';
import * as extension from '../../wire/ipv6-extension.js';
import { LINKTYPE_ETHERNET, NetworkLayer, networkLayer } from '../../wire/link-layer.js';
import { enterTunnel } from '../../wire/tunnel.js';
import * as udp from '../../wire/udp.js';

/** What one frame is, as `udp-ufo capture --json` prints it. Fields of IP are null where the frame has no IP header. */
interface FrameDescription {
  readonly type: 'frame';
  /** Seconds since the epoch, as a decimal with nanoseconds: a double could not hold them. */
  readonly time: string;
  readonly caplen: number;
  readonly len: number;
  readonly family: 4 | 6 | null;
  readonly source: string | null;
  readonly destination: string | null;
  readonly protocol: number | null;
  readonly ident: number | null;
  /** In 8-octet units, as on the wire; null where the packet is no fragment. */
  readonly fragOff: number | null;
  readonly moreFrags: boolean | null;
  /** Octets of IP payload in this packet, behind the fragment header. */
  readonly payloadLen: number | null;
  /** Ports of the first fragment or the whole datagram. */
  readonly sourcePort: number | null;
  readonly destinationPort: number | null;
}

interface IpPart {
  family: 4 | 6;
  source: string;
  destination: string;
  protocol: number;
  ident: number | null;
  fragOff: number | null;
  moreFrags: boolean | null;
  payloadLen: number;
  /** Where the UDP header would be. */
  upperOffset: number;
}

const layer = new NetworkLayer();
const chain = new extension.ExtensionChain();

/** Never throws, whatever the frame holds. */
export function describeFrame(frame: Frame): FrameDescription {
  const view = viewOf(frame);
  const ip = networkLayer(view, 0, frame.caplen, frame.linktype, layer) ? ipPart(view, layer) : null;
  const first = ip !== null && ip.protocol === udp.PROTOCOL && (ip.fragOff ?? 0) === 0;
  const ports = first ? udp.parse(view, ip.upperOffset, frame.caplen - ip.upperOffset) : null;
  return {
    type: 'frame',
    time: `${frame.seconds}.${String(frame.nanoseconds).padStart(9, '0')}`,
    caplen: frame.caplen,
    len: frame.len,
    family: ip?.family ?? null,
    source: ip?.source ?? null,
    destination: ip?.destination ?? null,
    protocol: ip?.protocol ?? null,
    ident: ip?.ident ?? null,
    fragOff: ip?.fragOff ?? null,
    moreFrags: ip?.moreFrags ?? null,
    payloadLen: ip?.payloadLen ?? null,
    sourcePort: ports?.sourcePort ?? null,
    destinationPort: ports?.destinationPort ?? null,
  };
}

/** `03:04:05.678901  192.0.2.1 > 192.0.2.2  id 0x1234  offset     0  len  1480  MF  ttl 64  proto 17  udp 1111 > 9999  len 4008  1514` */
export function frameLine(frame: Frame): string {
  const view = viewOf(frame);
  const clock = new Date(frame.seconds * 1000).toISOString().slice(11, 19);
  const micros = String(frame.nanoseconds).padStart(9, '0').slice(0, 6);
  const cut = frame.caplen < frame.len ? ` (${frame.caplen} captured)` : '';
  const headers = networkLayer(view, 0, frame.caplen, frame.linktype, layer) ? headerTexts(view, layer) : [];
  const what = headers.length === 0 ? linkText(view, frame.linktype) : headers.join('  ');
  return `${clock}.${micros}  ${what}  ${frame.len}${cut}`;
}

function viewOf({ bytes, offset, caplen }: Frame): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset + offset, caplen);
}

/** What can be said of a frame without an IP header. */
function linkText(view: DataView, linktype: number): string {
  const header = linktype === LINKTYPE_ETHERNET ? ethernet.parse(view, 0, view.byteLength) : null;
  return header === null ? 'no IP header' : ethernet.format(header);
}

/** What a packet that is no fragment carries, and the protocol that says so. */
interface Carried {
  readonly protocol: number;
  readonly offset: number;
  readonly end: number;
}

interface HeaderTexts {
  readonly texts: string[];
  /** Null for a fragment, and where a header is not all there. */
  readonly carried: Carried | null;
}

/** Nobody here needs to tell one tunnel from another. */
const NO_ENDS = new Int32Array(0);

/**
 * Tags, labels and tunnels, IP header, fragment header and that of UDP, and the same of the packet within, as far as they are
 * there. `told` octets of the text of the layers have been printed.
 */
function headerTexts(view: DataView, network: NetworkLayer, told = 0): string[] {
  const { family, offset, len, layers } = network;
  const way = layers.text();
  const { texts, carried } = family === 4 ? ipv4Texts(view, offset, len) : ipv6Texts(view, offset, len);
  const around = way.length > told ? [way.slice(told).replace(/^ > /, ''), ...texts] : texts;
  if (carried === null || family === 0) return around;
  network.offset = carried.offset;
  network.end = carried.end;
  if (!enterTunnel(view, { family, protocol: carried.protocol, ends: NO_ENDS, whole: false }, network)) return around;
  if (network.ok) return [...around, ...headerTexts(view, network, way.length)];
  const tunnel = layers.text().slice(way.length).replace(/^ > /, '');
  return [...around, tunnel, ...(network.why === 'not-ip' ? [unknownName(network)] : [])];
}

function ipv4Texts(view: DataView, offset: number, len: number): HeaderTexts {
  const header = ipv4.parse(view, offset, len);
  if (header === null) return { texts: [], carried: null };
  const upper = offset + ipv4.getHeaderLen(view, offset);
  const { protocol, fragOff, moreFrags } = header;
  return {
    texts: [
      ipv4.format(header),
      ...(fragOff === 0 && protocol === udp.PROTOCOL ? udpText(view, upper, offset + len) : []),
    ],
    carried: fragOff > 0 || moreFrags ? null : { protocol, offset: upper, end: offset + len },
  };
}

function ipv6Texts(view: DataView, offset: number, len: number): HeaderTexts {
  const header = ipv6.parse(view, offset, len);
  if (header === null) return { texts: [], carried: null };
  const end = offset + len;
  extension.walkExtensions(view, offset + ipv6.NEXT_HEADER, offset + ipv6.HEADER_LEN, end, chain);
  const { fragmentOffset: at, upperOffset, upperProtocol: protocol } = chain;
  const fragment = at < 0 ? null : extension.parseFragment(view, at, end - at);
  const first = (fragment?.fragOff ?? 0) === 0 && protocol === udp.PROTOCOL;
  const piece = offset + ipv6.HEADER_LEN + header.payloadLen - at - extension.FRAGMENT_HEADER_LEN;
  return {
    texts: [
      ipv6.format(header),
      ...(fragment === null ? [] : [extension.formatFragment(fragment, Math.max(0, piece))]),
      ...(first ? udpText(view, upperOffset, end) : []),
    ],
    carried: at < 0 && upperOffset <= end ? { protocol, offset: upperOffset, end } : null,
  };
}

function udpText(view: DataView, at: number, end: number): string[] {
  const header = udp.parse(view, at, end - at);
  return header === null ? [] : [udp.format(header)];
}

function ipPart(view: DataView, { family, offset, len }: NetworkLayer): IpPart | null {
  return family === 4 ? ipv4Part(view, offset, len) : ipv6Part(view, offset, len);
}

function ipv4Part(view: DataView, base: number, len: number): IpPart | null {
  if (len < ipv4.HEADER_LEN) return null;
  const fragment = (ipv4.getFragWord(view, base) & (ipv4.MF | ipv4.FRAG_OFF_MASK)) !== 0;
  return {
    family: 4,
    source: formatAddress(ipv4.getSource(view, base)),
    destination: formatAddress(ipv4.getDestination(view, base)),
    protocol: ipv4.getProtocol(view, base),
    ident: ipv4.getIdent(view, base),
    fragOff: fragment ? ipv4.getFragOff(view, base) : null,
    moreFrags: fragment ? ipv4.getMoreFrags(view, base) : null,
    payloadLen: Math.max(0, ipv4.getTotLen(view, base) - ipv4.getHeaderLen(view, base)),
    upperOffset: base + ipv4.getHeaderLen(view, base),
  };
}

function ipv6Part(view: DataView, base: number, len: number): IpPart | null {
  if (len < ipv6.HEADER_LEN) return null;
  const start = base + ipv6.HEADER_LEN;
  extension.walkExtensions(view, base + ipv6.NEXT_HEADER, start, base + len, chain);
  const at = chain.fragmentOffset;
  return {
    family: 6,
    source: formatAddress(ipv6.getSource(view, base)),
    destination: formatAddress(ipv6.getDestination(view, base)),
    protocol: chain.upperProtocol,
    ident: at < 0 ? null : extension.getFragIdent(view, at),
    fragOff: at < 0 ? null : extension.getFragOff(view, at),
    moreFrags: at < 0 ? null : extension.getMoreFrags(view, at),
    payloadLen: Math.max(0, start + ipv6.getPayloadLen(view, base) - pieceOffset(start)),
    upperOffset: chain.upperOffset,
  };
}

/** Where the fragment's piece begins, or the whole packet's payload. */
function pieceOffset(start: number): number {
  return chain.fragmentOffset < 0 ? start : chain.fragmentOffset + extension.FRAGMENT_HEADER_LEN;
}
