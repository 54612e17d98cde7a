/**
 * Ethernet II, with stacked VLAN tags (IEEE 802.1Q, 802.1ad).
 *
 *      0             6             12                14
 *     +-------------+-------------+-----------------+--------- …
 *     | destination |   source    |    etherType    | payload
 *     +-------------+-------------+-----------------+--------- …
 *                                 | TPID   |  TCI   | any number of tags before the EtherType
 *                                 +--------+--------+
 *     TCI: priority (3 bits), drop eligible (1), VLAN id (12)
 */
import { octetsAt, putOctets } from './octets.js';

/** Length of an untagged header, and of each tag. */
export const HEADER_LEN = 14;
export const TAG_LEN = 4;
export const MAC_LEN = 6;

export const ETHERTYPE_IPV4 = 0x0800;
export const ETHERTYPE_IPV6 = 0x86dd;
export const TPID_VLAN = 0x8100;
/** Service tag, the outer one of 802.1ad. */
export const TPID_QINQ = 0x88a8;
/** Outer tag of switches from before 802.1ad. */
const TPID_QINQ_OLD = 0x9100;
/** An Ethernet frame inside of something else (RFC 1701 calls it so). */
export const TRANSPARENT_ETHERNET = 0x6558;

const DESTINATION = 0;
const SOURCE = 6;
const ETHERTYPE = 12;
const VLAN_ID_MASK = 0x0fff;

export function etherTypeOf(family: 4 | 6): number {
  return family === 4 ? ETHERTYPE_IPV4 : ETHERTYPE_IPV6;
}

export function isTag(etherType: number): boolean {
  return etherType === TPID_VLAN || etherType === TPID_QINQ || etherType === TPID_QINQ_OLD;
}

/** The six octets of the destination (no copy). */
export function getDestination(view: DataView, base: number): Uint8Array {
  return octetsAt(view, base + DESTINATION, MAC_LEN);
}

/** The six octets of the source (no copy). */
export function getSource(view: DataView, base: number): Uint8Array {
  return octetsAt(view, base + SOURCE, MAC_LEN);
}

export function setDestination(view: DataView, base: number, octets: Uint8Array): void {
  putOctets(view, base + DESTINATION, octets);
}

export function setSource(view: DataView, base: number, octets: Uint8Array): void {
  putOctets(view, base + SOURCE, octets);
}

/** A VLAN tag; `tci` with priority and drop-eligible bit. */
export interface VlanTag {
  readonly tpid: number;
  readonly tci: number;
}

/** Whether somebody's value is a tag, and one that `parse` knows again. */
export function isVlanTag(value: unknown): value is VlanTag {
  const { tpid, tci } = (value ?? {}) as Partial<VlanTag>;
  return (
    tpid !== undefined && isTag(tpid) && Number.isInteger(tci) && (tci as number) >= 0 && (tci as number) <= 0xffff
  );
}

/** 0 … 4095. */
export function vlanId(tag: VlanTag): number {
  return tag.tci & VLAN_ID_MASK;
}

/** Tags from the outermost, each its id and, where it has one, its priority: `100.3,200`; empty for none. */
export function formatVlans(tags: readonly VlanTag[]): string {
  return tags.map((tag) => (tag.tci >>> 13 === 0 ? `${vlanId(tag)}` : `${vlanId(tag)}.${tag.tci >>> 13}`)).join(',');
}

/** The header as values; `vlans` from the outermost. */
export interface EthernetHeader {
  readonly destination: Uint8Array;
  readonly source: Uint8Array;
  readonly vlans: readonly VlanTag[];
  readonly etherType: number;
}

/** Octets that `emit` writes. */
export function headerLen(header: EthernetHeader): number {
  return HEADER_LEN + TAG_LEN * header.vlans.length;
}

/** The header with all its tags in `len` octets at `base`, addresses as views; null where they do not hold it whole. */
export function parse(view: DataView, base: number, len: number): EthernetHeader | null {
  const vlans: VlanTag[] = [];
  for (let at = ETHERTYPE; at + 2 <= len; at += TAG_LEN) {
    const etherType = view.getUint16(base + at);
    if (!isTag(etherType)) {
      return { destination: getDestination(view, base), source: getSource(view, base), vlans, etherType };
    }
    if (at + TAG_LEN > len) return null;
    vlans.push({ tpid: etherType, tci: view.getUint16(base + at + 2) });
  }
  return null;
}

/** Writes the header. Returns its length. */
export function emit(view: DataView, base: number, header: EthernetHeader): number {
  setDestination(view, base, header.destination);
  setSource(view, base, header.source);
  let at = base + ETHERTYPE;
  for (const { tpid, tci } of header.vlans) {
    view.setUint16(at, tpid);
    view.setUint16(at + 2, tci);
    at += TAG_LEN;
  }
  view.setUint16(at, header.etherType);
  return at + 2 - base;
}

/** The octets of `02:00:5e:00:53:01` or with dashes; null where it is no MAC address. */
export function parseMac(text: string): Uint8Array | null {
  const match = /^[0-9a-f]{2}([:-])[0-9a-f]{2}(?:\1[0-9a-f]{2}){4}$/i.exec(text);
  return match === null ? null : Uint8Array.from(text.split(match[1]!), (part) => Number.parseInt(part, 16));
}

/** Six octets at `offset` as `02:00:5e:00:53:01`. */
export function formatMac(octets: Uint8Array, offset = 0): string {
  const parts: string[] = [];
  for (let i = 0; i < MAC_LEN; i++) parts.push(octets[offset + i]!.toString(16).padStart(2, '0'));
  return parts.join(':');
}

/** `02:00:5e:00:53:01 > 02:00:5e:00:53:02  0x0800`, and the VLAN tags. */
export function format({ source, destination, vlans, etherType }: EthernetHeader): string {
  const tags = vlans.length === 0 ? '' : `  vlan ${formatVlans(vlans)}`;
  return `${formatMac(source)} > ${formatMac(destination)}${tags}  0x${etherType.toString(16).padStart(4, '0')}`;
}
