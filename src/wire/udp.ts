/**
 * UDP (RFC 768).
 *
 *      0      7 8     15 16    23 24    31
 *     +--------+--------+--------+--------+
 *     |   source port   |destination port |
 *     +--------+--------+--------+--------+
 *     |     length      |    checksum     |
 *     +--------+--------+--------+--------+
 *
 * Accessors take the offset of the header and do not check it: `parse` does, once.
 */

export const PROTOCOL = 17;
/** Length of the header. */
export const HEADER_LEN = 8;

const SOURCE_PORT = 0;
const DESTINATION_PORT = 2;
const LENGTH = 4;
/** Also virtio's csum_offset. */
export const CHECKSUM = 6;

export function getSourcePort(view: DataView, base: number): number {
  return view.getUint16(base + SOURCE_PORT);
}

export function getDestinationPort(view: DataView, base: number): number {
  return view.getUint16(base + DESTINATION_PORT);
}

/** Header and data. 0 in a jumbogram (RFC 2675 §4). */
export function getLength(view: DataView, base: number): number {
  return view.getUint16(base + LENGTH);
}

/** 0 means "not computed" (IPv4 only, but for RFC 6935). */
export function getChecksum(view: DataView, base: number): number {
  return view.getUint16(base + CHECKSUM);
}

export function setSourcePort(view: DataView, base: number, value: number): void {
  view.setUint16(base + SOURCE_PORT, value);
}

export function setDestinationPort(view: DataView, base: number, value: number): void {
  view.setUint16(base + DESTINATION_PORT, value);
}

export function setLength(view: DataView, base: number, value: number): void {
  view.setUint16(base + LENGTH, value);
}

export function setChecksum(view: DataView, base: number, value: number): void {
  view.setUint16(base + CHECKSUM, value);
}

export interface UdpHeader {
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly length: number;
  readonly checksum: number;
}

/** The header in `len` octets at `base`; null where they are fewer than 8. */
export function parse(view: DataView, base: number, len: number): UdpHeader | null {
  if (len < HEADER_LEN) return null;
  return {
    sourcePort: getSourcePort(view, base),
    destinationPort: getDestinationPort(view, base),
    length: getLength(view, base),
    checksum: getChecksum(view, base),
  };
}

/** Writes the header, the checksum as given. Returns its length. */
export function emit(view: DataView, base: number, header: UdpHeader): number {
  setSourcePort(view, base, header.sourcePort);
  setDestinationPort(view, base, header.destinationPort);
  setLength(view, base, header.length);
  setChecksum(view, base, header.checksum);
  return HEADER_LEN;
}

/** `udp 1111 > 9999  len 4008` */
export function format({ sourcePort, destinationPort, length }: UdpHeader): string {
  return `udp ${sourcePort} > ${destinationPort}  len ${length}`;
}
