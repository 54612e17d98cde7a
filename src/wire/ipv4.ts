/**
 * IPv4 (RFC 791 §3.1).
 *
 *      0                   1                   2                   3
 *      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *     +-------+-------+---------------+-------------------------------+
 *     |version|  ihl  |      tos      |            totLen             |
 *     +-------+-------+---------------+-----+-------------------------+
 *     |             ident             |flags|         fragOff         |
 *     +---------------+---------------+-----+-------------------------+
 *     |      ttl      |   protocol    |           checksum            |
 *     +---------------+---------------+-------------------------------+
 *     |                            source                             |
 *     +---------------------------------------------------------------+
 *     |                          destination                          |
 *     +---------------------------------------------------------------+
 *     |                    options, 0 … 40 octets                     |
 *
 * Accessors take the offset of the header and do not check it: `parse` does, once. Options are in `ipv4-options.ts`.
 */
import { formatAddress } from './address.js';
import { finishChecksum, sumView } from './checksum.js';
import { formatPiece } from './fragment-text.js';
import { octetsAt, putOctets } from './octets.js';

/** Length of a header without options. */
export const HEADER_LEN = 20;
export const MAX_TOT_LEN = 65_535;

/** Bits of the 16-bit word that holds flags and fragment offset. */
export const RESERVED_FLAG = 0x8000;
export const DF = 0x4000;
export const MF = 0x2000;
export const FRAG_OFF_MASK = 0x1fff;

const VERSION_IHL = 0;
const TOS = 1;
const TOT_LEN = 2;
const IDENT = 4;
export const FRAG_OFF = 6;
const TTL = 8;
const PROTOCOL = 9;
export const CHECKSUM = 10;
export const SOURCE = 12;
export const DESTINATION = 16;
export const OPTIONS = 20;

export function getVersion(view: DataView, base: number): number {
  return view.getUint8(base + VERSION_IHL) >>> 4;
}

/** Octets (`ihl` × 4), 0 … 60; below 20 the header is malformed. */
export function getHeaderLen(view: DataView, base: number): number {
  return (view.getUint8(base + VERSION_IHL) & 0x0f) << 2;
}

/** DSCP and ECN. */
export function getTos(view: DataView, base: number): number {
  return view.getUint8(base + TOS);
}

/** Octets of header and payload. */
export function getTotLen(view: DataView, base: number): number {
  return view.getUint16(base + TOT_LEN);
}

export function getIdent(view: DataView, base: number): number {
  return view.getUint16(base + IDENT);
}

/** The 16-bit word of flags and fragment offset, the kernel's `frag_off`; 0 under `MF | FRAG_OFF_MASK` = unfragmented. */
export function getFragWord(view: DataView, base: number): number {
  return view.getUint16(base + FRAG_OFF);
}

/** In 8-octet units, 0 … 8191. */
export function getFragOff(view: DataView, base: number): number {
  return getFragWord(view, base) & FRAG_OFF_MASK;
}

export function getMoreFrags(view: DataView, base: number): boolean {
  return (getFragWord(view, base) & MF) !== 0;
}

export function getDontFragment(view: DataView, base: number): boolean {
  return (getFragWord(view, base) & DF) !== 0;
}

export function getTtl(view: DataView, base: number): number {
  return view.getUint8(base + TTL);
}

export function getProtocol(view: DataView, base: number): number {
  return view.getUint8(base + PROTOCOL);
}

export function getChecksum(view: DataView, base: number): number {
  return view.getUint16(base + CHECKSUM);
}

/** The four octets of the source (no copy). */
export function getSource(view: DataView, base: number): Uint8Array {
  return octetsAt(view, base + SOURCE, 4);
}

/** The four octets of the header's destination (no copy): the next hop of a source route where there is one. */
export function getDestination(view: DataView, base: number): Uint8Array {
  return octetsAt(view, base + DESTINATION, 4);
}

/** Version 4 and a header of `headerLen` octets, a multiple of 4, 20 … 60. */
export function setHeaderLen(view: DataView, base: number, headerLen: number): void {
  view.setUint8(base + VERSION_IHL, 0x40 | (headerLen >>> 2));
}

export function setTos(view: DataView, base: number, value: number): void {
  view.setUint8(base + TOS, value);
}

export function setTotLen(view: DataView, base: number, value: number): void {
  view.setUint16(base + TOT_LEN, value);
}

export function setIdent(view: DataView, base: number, value: number): void {
  view.setUint16(base + IDENT, value);
}

/** The whole word: offset in 8-octet units, `MF` and `DF` or-ed in. */
export function setFragOff(view: DataView, base: number, value: number): void {
  view.setUint16(base + FRAG_OFF, value);
}

export function setTtl(view: DataView, base: number, value: number): void {
  view.setUint8(base + TTL, value);
}

export function setProtocol(view: DataView, base: number, value: number): void {
  view.setUint8(base + PROTOCOL, value);
}

export function setChecksum(view: DataView, base: number, value: number): void {
  view.setUint16(base + CHECKSUM, value);
}

export function setSource(view: DataView, base: number, octets: Uint8Array): void {
  putOctets(view, base + SOURCE, octets);
}

export function setDestination(view: DataView, base: number, octets: Uint8Array): void {
  putOctets(view, base + DESTINATION, octets);
}

/** Computes the header checksum over the header as it stands, options included. */
export function fillChecksum(view: DataView, base: number): void {
  setChecksum(view, base, 0);
  setChecksum(view, base, finishChecksum(sumView(view, base, getHeaderLen(view, base))));
}

/** Whether the header sums to 0xffff. The header must lie within the view. */
export function verifyChecksum(view: DataView, base: number): boolean {
  return sumView(view, base, getHeaderLen(view, base)) === 0xffff;
}

/** The header as values. `fragOff` in 8-octet units; `options` padded to a multiple of 4 octets by the caller. */
export interface Ipv4Header {
  readonly tos: number;
  readonly totLen: number;
  readonly ident: number;
  readonly dontFragment: boolean;
  readonly moreFrags: boolean;
  readonly fragOff: number;
  readonly ttl: number;
  readonly protocol: number;
  readonly source: Uint8Array;
  readonly destination: Uint8Array;
  readonly options: Uint8Array;
}

/** The header in `len` octets at `base`, addresses and options as views; null where it is no whole IPv4 header. */
export function parse(view: DataView, base: number, len: number): Ipv4Header | null {
  if (len < HEADER_LEN || getVersion(view, base) !== 4) return null;
  const headerLen = getHeaderLen(view, base);
  if (headerLen < HEADER_LEN || headerLen > len) return null;
  return {
    tos: getTos(view, base),
    totLen: getTotLen(view, base),
    ident: getIdent(view, base),
    dontFragment: getDontFragment(view, base),
    moreFrags: getMoreFrags(view, base),
    fragOff: getFragOff(view, base),
    ttl: getTtl(view, base),
    protocol: getProtocol(view, base),
    source: getSource(view, base),
    destination: getDestination(view, base),
    options: octetsAt(view, base + OPTIONS, headerLen - HEADER_LEN),
  };
}

/** Writes the header with its checksum. Returns its length. */
export function emit(view: DataView, base: number, header: Ipv4Header): number {
  const headerLen = HEADER_LEN + header.options.length;
  setHeaderLen(view, base, headerLen);
  setTos(view, base, header.tos);
  setTotLen(view, base, header.totLen);
  setIdent(view, base, header.ident);
  setFragOff(view, base, (header.dontFragment ? DF : 0) | (header.moreFrags ? MF : 0) | header.fragOff);
  setTtl(view, base, header.ttl);
  setProtocol(view, base, header.protocol);
  setSource(view, base, header.source);
  setDestination(view, base, header.destination);
  putOctets(view, base + OPTIONS, header.options);
  fillChecksum(view, base);
  return headerLen;
}

/** `192.0.2.1 > 192.0.2.2  id 0x04d2  offset     0  len  1480  MF  ttl 64  proto 17`, with `DF` and options where there are any. */
export function format(header: Ipv4Header): string {
  const { totLen, ttl, protocol, dontFragment, options } = header;
  const piece = formatPiece(header, 4, Math.max(0, totLen - HEADER_LEN - options.length));
  const more = `${dontFragment ? '  DF' : ''}${options.length > 0 ? `  ${options.length} octets of options` : ''}`;
  return `${formatAddress(header.source)} > ${formatAddress(header.destination)}  ${piece}  ttl ${ttl}  proto ${protocol}${more}`;
}
