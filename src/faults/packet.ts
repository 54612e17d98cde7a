import type { PlannedFragment } from '../ufo/plan.js';
import * as ipv4 from '../wire/ipv4.js';
import { fragmentOptions } from '../wire/ipv4-options.js';
import * as ipv6 from '../wire/ipv6.js';
import * as extension from '../wire/ipv6-extension.js';
import * as udp from '../wire/udp.js';

/**
 * One packet that a plan will send: headers as they go out, payload, and when. Never changed in place: a step makes new
 * ones. Payloads are views into the datagram and are shared.
 *
 *     | link | header: IPv4 + options, or IPv6 … fragment header | payload: a share of the IP payload | trailer |
 */
export interface PlanPacket {
  readonly family: 4 | 6;
  readonly link: Uint8Array;
  /** From the IP header to where the payload begins. */
  readonly header: Uint8Array;
  readonly payload: Uint8Array;
  /** Octets behind the packet, which its IP length does not count. */
  readonly trailer: Uint8Array;
  /** Milliseconds to wait before it goes. */
  readonly delayMs: number;
  /** Which of several interleaved datagrams it belongs to; 0 for the one that was given. */
  readonly datagram: number;
}

const NOTHING = new Uint8Array(0);
const chain = new extension.ExtensionChain();

/** A fragment that the UFO stage made; its headers are right, so nothing is checked. */
export function planPacket({ header, payload, delay }: PlannedFragment, linkLen: number): PlanPacket {
  const link = header.subarray(0, linkLen);
  const family = header[linkLen]! >>> 4 === 4 ? 4 : 6;
  return { family, link, header: header.subarray(linkLen), payload, trailer: NOTHING, delayMs: delay, datagram: 0 };
}

/** The packet as the UFO stage writes it into rows. */
export function plannedFragment({ link, header, payload, trailer, delayMs }: PlanPacket): PlannedFragment {
  return {
    header: Buffer.concat([link, header]),
    payload: trailer.length === 0 ? payload : Buffer.concat([payload, trailer]),
    delay: delayMs,
  };
}

/** Octets of the IP packet. */
export function packetLen({ header, payload }: PlanPacket): number {
  return header.length + payload.length;
}

/** What a fragment's header says of its place; offsets in octets of IP payload. */
export interface Place {
  readonly offset: number;
  readonly more: boolean;
  readonly ident: number;
}

/** Whether there is a header that says a place: IPv4 always, IPv6 where there is a fragment header. */
export function hasFragmentHeader({ family, header }: PlanPacket): boolean {
  return family === 4 || fragmentHeaderAt(header) >= 0;
}

export function placeOf(fragment: PlanPacket): Place {
  const { family, header } = fragment;
  const view = viewOf(header);
  if (family === 4) {
    return { offset: 8 * ipv4.getFragOff(view, 0), more: ipv4.getMoreFrags(view, 0), ident: ipv4.getIdent(view, 0) };
  }
  const at = fragmentHeaderAt(header);
  if (at < 0) return { offset: 0, more: false, ident: 0 };
  return {
    offset: 8 * extension.getFragOff(view, at),
    more: extension.getMoreFrags(view, at),
    ident: extension.getFragIdent(view, at),
  };
}

/** Where its octets end in the IP payload. */
export function endOf(fragment: PlanPacket): number {
  return placeOf(fragment).offset + fragment.payload.length;
}

/**
 * What a packet carries, as far as it tells: of a later fragment what its header says; `offset` is where that begins in the
 * payload, −1 where it does not.
 */
export function upperLayer(packet: PlanPacket): { readonly protocol: number; readonly offset: number } {
  const { family, header } = packet;
  const first = placeOf(packet).offset === 0;
  if (family === 4) return { protocol: ipv4.getProtocol(viewOf(header), 0), offset: first ? 0 : -1 };
  const { status, upperProtocol, upperOffset } = chainOf(packet);
  return { protocol: upperProtocol, offset: status === 'ok' && first ? upperOffset - header.length : -1 };
}

/** Where the UDP header stands in the payload of a first fragment or a whole packet; −1 where not all of it is there. */
export function udpOffset(packet: PlanPacket): number {
  const { protocol, offset } = upperLayer(packet);
  const there = offset >= 0 && offset + udp.HEADER_LEN <= packet.payload.length;
  return protocol === udp.PROTOCOL && there ? offset : -1;
}

/** The extension headers of an IPv6 packet, until the next call. */
export function chainOf({ header, payload }: PlanPacket): extension.ExtensionChain {
  if (walk(header)) return chain;
  walk(Buffer.concat([header, payload])); // they go on behind what every fragment repeats
  return chain;
}

function walk(octets: Uint8Array): boolean {
  return extension.walkExtensions(viewOf(octets), ipv6.NEXT_HEADER, ipv6.HEADER_LEN, octets.length, chain);
}

/** The same headers with another payload or place; lengths and IPv4 checksum follow, options as the place wants them. */
export function placed(
  fragment: PlanPacket,
  { offset, more, ident, payload = fragment.payload }: Partial<Place> & { readonly payload?: Uint8Array },
): PlanPacket {
  const old = placeOf(fragment);
  const place = { offset: offset ?? old.offset, more: more ?? old.more, ident: ident ?? old.ident };
  const stays = place.offset === 0 && !place.more && !hasFragmentHeader(fragment);
  if (stays) return repaired({ ...fragment, payload }); // an unfragmented IPv6 packet
  const whole = withFragmentHeader(fragment, place.ident);
  const header = whole.header.slice();
  const view = viewOf(header);
  if (fragment.family === 4) {
    const flags = place.more || place.offset > 0 ? 0 : ipv4.getFragWord(view, 0) & ipv4.DF; // who is cut has no DF
    ipv4.setFragOff(view, 0, flags | (place.more ? ipv4.MF : 0) | (place.offset >>> 3));
    ipv4.setIdent(view, 0, place.ident);
    if (place.offset > 0) fragmentOptions(header, ipv4.OPTIONS, header.length - ipv4.HEADER_LEN);
  } else {
    const at = fragmentHeaderAt(header);
    extension.setFragOff(view, at, place.offset >>> 3, place.more);
    extension.setFragIdent(view, at, place.ident);
  }
  return repaired({ ...whole, header, payload });
}

/** With an IPv6 fragment header where it belongs (RFC 8200 §4.5), offset 0 and no M: an atomic fragment (RFC 6946). */
export function withFragmentHeader(fragment: PlanPacket, ident: number): PlanPacket {
  if (hasFragmentHeader(fragment)) return fragment;
  const { header } = fragment;
  const longer = new Uint8Array(header.length + extension.FRAGMENT_HEADER_LEN);
  longer.set(header);
  const link = lastNextHeader(header);
  const nextHeader = header[link]!;
  longer[link] = extension.FRAGMENT;
  extension.emitFragment(viewOf(longer), header.length, { nextHeader, fragOff: 0, moreFrags: false, ident });
  return repaired({ ...fragment, header: longer });
}

/** Length fields and IPv4 checksum as they must be for what is there. */
export function repaired(fragment: PlanPacket): PlanPacket {
  const header = fragment.header.slice();
  const view = viewOf(header);
  if (fragment.family === 4) {
    ipv4.setTotLen(view, 0, header.length + fragment.payload.length);
    ipv4.fillChecksum(view, 0);
  } else ipv6.setPayloadLen(view, 0, header.length - ipv6.HEADER_LEN + fragment.payload.length);
  return { ...fragment, header };
}

export function viewOf({ buffer, byteOffset, length }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, length);
}

/** Offset of the fragment header in `header`, which it ends; −1 where there is none. */
export function fragmentHeaderAt(header: Uint8Array): number {
  const at = header.length - extension.FRAGMENT_HEADER_LEN;
  if (at < ipv6.HEADER_LEN) return -1;
  return header[lastNextHeader(header, at)] === extension.FRAGMENT ? at : -1;
}

/** Offset of the next-header octet of the last header that begins before `end`. */
function lastNextHeader(header: Uint8Array, end = header.length): number {
  let link: number = ipv6.NEXT_HEADER;
  for (let at: number = ipv6.HEADER_LEN; at < end; ) {
    link = at;
    at += 8 * (header[at + 1]! + 1);
  }
  return link;
}
