import { parseAddress } from '../../src/wire/address.js';
import { addSums, foldSum, pseudoHeaderSum, sumOctets, udpChecksumField } from '../../src/wire/checksum.js';
import type { Frame } from '../../src/wire/frame.js';
import * as ipv4 from '../../src/wire/ipv4.js';
import * as ipv6 from '../../src/wire/ipv6.js';
import { emitFragment, FRAGMENT } from '../../src/wire/ipv6-extension.js';
import { LINKTYPE_RAW } from '../../src/wire/link-layer.js';
import * as udp from '../../src/wire/udp.js';

/** A tiny fragmenter of the tests' own: one packet per piece, each free to be wrong. */
export interface Flow {
  readonly family: 4 | 6;
  readonly source: Uint8Array;
  readonly destination: Uint8Array;
  readonly protocol: number;
  readonly ident: number;
}

export const flow4: Flow = {
  family: 4,
  source: parseAddress('192.0.2.1')!.octets,
  destination: parseAddress('192.0.2.2')!.octets,
  protocol: udp.PROTOCOL,
  ident: 0x1234,
};
export const flow6: Flow = {
  ...flow4,
  family: 6,
  source: parseAddress('2001:db8::1')!.octets,
  destination: parseAddress('2001:db8::2')!.octets,
  ident: 0x89abcdef,
};

export interface Piece {
  readonly offset: number;
  readonly len: number;
  readonly more: boolean;
}

/** What a header field of one packet is instead of what it should be. */
export interface Oddity {
  readonly ttl?: number;
  readonly tos?: number;
  readonly flowLabel?: number;
  readonly dontFragment?: boolean;
  readonly options?: Uint8Array;
  readonly protocol?: number;
  /** IPv6 extension headers in front of the fragment header; `nextHeader` names the first, the last must name 44. */
  readonly extensions?: { readonly nextHeader: number; readonly octets: Uint8Array };
}

/** A UDP packet with its checksum: the IP payload of `flow`. */
export function udpPacket(
  flow: Flow,
  payload: Uint8Array,
  ports: readonly [number, number] = [1111, 9999],
): Uint8Array {
  const packet = new Uint8Array(udp.HEADER_LEN + payload.length);
  const view = new DataView(packet.buffer);
  udp.emit(view, 0, { sourcePort: ports[0], destinationPort: ports[1], length: packet.length, checksum: 0 });
  packet.set(payload, udp.HEADER_LEN);
  const pseudo = pseudoHeaderSum(flow.source, flow.destination, udp.PROTOCOL, packet.length);
  udp.setChecksum(view, 0, udpChecksumField(addSums(foldSum(pseudo), sumOctets(packet))));
  return packet;
}

/** Where a packet of `len` octets of IP payload is cut. */
export function cuts(len: number, gsoSize: number): Piece[] {
  const pieces: Piece[] = [];
  for (let offset = 0; offset < len; offset += gsoSize) {
    const end = Math.min(len, offset + gsoSize);
    pieces.push({ offset, len: end - offset, more: end < len });
  }
  return pieces;
}

/** The fragment that carries `piece` of the IP payload, as a raw IP packet. Data past the payload are zeros. */
export function fragment(flow: Flow, ipPayload: Uint8Array, piece: Piece, odd: Oddity = {}): Uint8Array {
  const data = new Uint8Array(piece.len);
  data.set(ipPayload.subarray(piece.offset, piece.offset + piece.len));
  return flow.family === 4 ? fragment4(flow, data, piece, odd) : fragment6(flow, data, piece, odd);
}

function fragment4(flow: Flow, data: Uint8Array, piece: Piece, odd: Oddity): Uint8Array {
  const options = odd.options ?? new Uint8Array(0);
  const packet = new Uint8Array(ipv4.HEADER_LEN + options.length + data.length);
  const { source, destination, ident } = flow;
  const headerLen = ipv4.emit(new DataView(packet.buffer), 0, {
    tos: odd.tos ?? 0,
    totLen: packet.length,
    ident,
    dontFragment: odd.dontFragment ?? false,
    moreFrags: piece.more,
    fragOff: piece.offset >> 3,
    ttl: odd.ttl ?? 64,
    protocol: odd.protocol ?? flow.protocol,
    source,
    destination,
    options,
  });
  packet.set(data, headerLen);
  return packet;
}

function fragment6(flow: Flow, data: Uint8Array, piece: Piece, odd: Oddity): Uint8Array {
  const extensions = odd.extensions?.octets ?? new Uint8Array(0);
  const packet = new Uint8Array(ipv6.HEADER_LEN + extensions.length + 8 + data.length);
  const view = new DataView(packet.buffer);
  const { source, destination, ident } = flow;
  ipv6.emit(view, 0, {
    trafficClass: odd.tos ?? 0,
    flowLabel: odd.flowLabel ?? 0x12345,
    payloadLen: packet.length - ipv6.HEADER_LEN,
    nextHeader: odd.extensions?.nextHeader ?? FRAGMENT,
    hopLimit: odd.ttl ?? 64,
    source,
    destination,
  });
  packet.set(extensions, ipv6.HEADER_LEN);
  const at = ipv6.HEADER_LEN + extensions.length;
  emitFragment(view, at, {
    nextHeader: odd.protocol ?? flow.protocol,
    fragOff: piece.offset >> 3,
    moreFrags: piece.more,
    ident,
  });
  packet.set(data, at + 8);
  return packet;
}

/** The packet in one piece. */
export function whole(flow: Flow, ipPayload: Uint8Array): Uint8Array {
  if (flow.family === 4) return fragment4(flow, ipPayload, { offset: 0, len: ipPayload.length, more: false }, {});
  const packet = new Uint8Array(ipv6.HEADER_LEN + ipPayload.length);
  const { source, destination } = flow;
  const header = { trafficClass: 0, flowLabel: 0, nextHeader: flow.protocol, hopLimit: 64, source, destination };
  ipv6.emit(new DataView(packet.buffer), 0, { ...header, payloadLen: ipPayload.length });
  packet.set(ipPayload, ipv6.HEADER_LEN);
  return packet;
}

/** The packet cut as a sender would. */
export function fragments(flow: Flow, ipPayload: Uint8Array, gsoSize = 1480): Uint8Array[] {
  return cuts(ipPayload.length, gsoSize).map((piece) => fragment(flow, ipPayload, piece));
}

/** A raw IP frame at `time`, cut at `snaplen` as a capture would. */
export function frame(packet: Uint8Array, time = 0, snaplen = 262_144): Frame {
  const caplen = Math.min(packet.length, snaplen);
  const seconds = Math.floor(time);
  return {
    bytes: packet.slice(0, caplen),
    offset: 0,
    caplen,
    len: packet.length,
    linktype: LINKTYPE_RAW,
    seconds,
    nanoseconds: Math.round((time - seconds) * 1e9),
  };
}

/** Recognizable octets. */
export function pattern(len: number, seed = 1): Uint8Array {
  const octets = new Uint8Array(len);
  for (let i = 0; i < len; i++) octets[i] = i * 7 + (i >> 8) * 13 + seed * 31;
  return octets;
}
