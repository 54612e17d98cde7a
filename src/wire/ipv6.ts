/**
 * IPv6 (RFC 8200 §3).
 *
 *      0                   1                   2                   3
 *      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *     +-------+---------------+---------------------------------------+
 *     |version| trafficClass  |               flowLabel               |
 *     +-------+---------------+-------+---------------+---------------+
 *     |          payloadLen           |  nextHeader   |   hopLimit    |
 *     +-------------------------------+---------------+---------------+
 *     |                      source, 16 octets                        |
 *     +---------------------------------------------------------------+
 *     |                    destination, 16 octets                     |
 *     +---------------------------------------------------------------+
 *
 * Accessors take the offset of the header and do not check it: `parse` does, once.
 */
import { formatAddress } from './address.js';
import { octetsAt, putOctets } from './octets.js';

export const HEADER_LEN = 40;
export const MAX_PAYLOAD_LEN = 65_535;
/** Every link must carry packets of this many octets (RFC 8200 §5). */
export const MIN_MTU = 1280;

const VERSION_CLASS_FLOW = 0;
const PAYLOAD_LEN = 4;
export const NEXT_HEADER = 6;
const HOP_LIMIT = 7;
export const SOURCE = 8;
export const DESTINATION = 24;

export function getVersion(view: DataView, base: number): number {
  return view.getUint8(base + VERSION_CLASS_FLOW) >>> 4;
}

/** DSCP and ECN, 0 … 255. */
export function getTrafficClass(view: DataView, base: number): number {
  return (view.getUint16(base + VERSION_CLASS_FLOW) >>> 4) & 0xff;
}

/** 0 … 0xfffff. */
export function getFlowLabel(view: DataView, base: number): number {
  return view.getUint32(base + VERSION_CLASS_FLOW) & 0xf_ffff;
}

/** Octets after this header, extension headers included; 0 in a jumbogram (RFC 2675). */
export function getPayloadLen(view: DataView, base: number): number {
  return view.getUint16(base + PAYLOAD_LEN);
}

export function getNextHeader(view: DataView, base: number): number {
  return view.getUint8(base + NEXT_HEADER);
}

export function getHopLimit(view: DataView, base: number): number {
  return view.getUint8(base + HOP_LIMIT);
}

/** The 16 octets of the source (no copy). */
export function getSource(view: DataView, base: number): Uint8Array {
  return octetsAt(view, base + SOURCE, 16);
}

/** The 16 octets of the header's destination (no copy): the next hop where a routing header is not used up. */
export function getDestination(view: DataView, base: number): Uint8Array {
  return octetsAt(view, base + DESTINATION, 16);
}

/** Version 6, traffic class and flow label: one word, so written together. */
export function setClassAndFlow(view: DataView, base: number, trafficClass: number, flowLabel: number): void {
  view.setUint32(base + VERSION_CLASS_FLOW, ((0x60 << 24) | (trafficClass << 20) | flowLabel) >>> 0);
}

export function setPayloadLen(view: DataView, base: number, value: number): void {
  view.setUint16(base + PAYLOAD_LEN, value);
}

export function setNextHeader(view: DataView, base: number, value: number): void {
  view.setUint8(base + NEXT_HEADER, value);
}

export function setHopLimit(view: DataView, base: number, value: number): void {
  view.setUint8(base + HOP_LIMIT, value);
}

export function setSource(view: DataView, base: number, octets: Uint8Array): void {
  putOctets(view, base + SOURCE, octets);
}

export function setDestination(view: DataView, base: number, octets: Uint8Array): void {
  putOctets(view, base + DESTINATION, octets);
}

export interface Ipv6Header {
  readonly trafficClass: number;
  readonly flowLabel: number;
  readonly payloadLen: number;
  readonly nextHeader: number;
  readonly hopLimit: number;
  readonly source: Uint8Array;
  readonly destination: Uint8Array;
}

/** The header in `len` octets at `base`, addresses as views; null where it is no whole IPv6 header. */
export function parse(view: DataView, base: number, len: number): Ipv6Header | null {
  if (len < HEADER_LEN || getVersion(view, base) !== 6) return null;
  return {
    trafficClass: getTrafficClass(view, base),
    flowLabel: getFlowLabel(view, base),
    payloadLen: getPayloadLen(view, base),
    nextHeader: getNextHeader(view, base),
    hopLimit: getHopLimit(view, base),
    source: getSource(view, base),
    destination: getDestination(view, base),
  };
}

/** Writes the header. Returns its length. */
export function emit(view: DataView, base: number, header: Ipv6Header): number {
  setClassAndFlow(view, base, header.trafficClass, header.flowLabel);
  setPayloadLen(view, base, header.payloadLen);
  setNextHeader(view, base, header.nextHeader);
  setHopLimit(view, base, header.hopLimit);
  setSource(view, base, header.source);
  setDestination(view, base, header.destination);
  return HEADER_LEN;
}

/** `2001:db8::1 > 2001:db8::2  len 1456  hlim 64  next 44`, and the flow label where there is one. */
export function format({ source, destination, payloadLen, hopLimit, nextHeader, flowLabel }: Ipv6Header): string {
  const flow = flowLabel === 0 ? '' : `  flow 0x${flowLabel.toString(16).padStart(5, '0')}`;
  const ends = `${formatAddress(source)} > ${formatAddress(destination)}`;
  return `${ends}  len ${payloadLen}  hlim ${hopLimit}  next ${nextHeader}${flow}`;
}
