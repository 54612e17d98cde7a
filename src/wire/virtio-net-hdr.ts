/**
 * The header in front of each packet of a socket with PACKET_VNET_HDR or a tap with IFF_VNET_HDR: `struct virtio_net_hdr`
 * of `<linux/virtio_net.h>`, in native byte order, which on every machine we run on is little-endian.
 *
 *      0      1        2         4          6            8             10
 *     +------+---------+---------+----------+------------+-------------+
 *     | flags| gso_type| hdr_len | gso_size | csum_start | csum_offset |
 *     +------+---------+---------+----------+------------+-------------+
 */

export const HEADER_LEN = 10;

/** flags: the checksum from `csumStart` on is still to be computed. */
export const F_NEEDS_CSUM = 1;

/** gsoType: UDP fragmentation: cut into IP fragments. Either family. */
export const GSO_UDP = 3;
/** gsoType: UDP segmentation (6.2): cut into datagrams with headers of their own. Either family. */
export const GSO_UDP_L4 = 5;

const FLAGS = 0;
const GSO_TYPE = 1;
const HDR_LEN = 2;
const GSO_SIZE = 4;
const CSUM_START = 6;
const CSUM_OFFSET = 8;

export function setFlags(view: DataView, base: number, value: number): void {
  view.setUint8(base + FLAGS, value);
}

export function setGsoType(view: DataView, base: number, value: number): void {
  view.setUint8(base + GSO_TYPE, value);
}

/** Octets from the start of the frame to the end of the UDP header. */
export function setHdrLen(view: DataView, base: number, value: number): void {
  view.setUint16(base + HDR_LEN, value, true);
}

/** For GSO_UDP: octets of IP payload per fragment, the UDP header counted in, a multiple of 8. For GSO_UDP_L4: of UDP payload. */
export function setGsoSize(view: DataView, base: number, value: number): void {
  view.setUint16(base + GSO_SIZE, value, true);
}

/** Offset of the UDP header from the start of the frame. */
export function setCsumStart(view: DataView, base: number, value: number): void {
  view.setUint16(base + CSUM_START, value, true);
}

/** Offset of the checksum field from `csumStart`. */
export function setCsumOffset(view: DataView, base: number, value: number): void {
  view.setUint16(base + CSUM_OFFSET, value, true);
}

export interface VirtioNetHdr {
  readonly flags: number;
  readonly gsoType: number;
  readonly hdrLen: number;
  readonly gsoSize: number;
  readonly csumStart: number;
  readonly csumOffset: number;
}

/** Writes the header. Returns its length. */
export function emit(view: DataView, base: number, header: VirtioNetHdr): number {
  setFlags(view, base, header.flags);
  setGsoType(view, base, header.gsoType);
  setHdrLen(view, base, header.hdrLen);
  setGsoSize(view, base, header.gsoSize);
  setCsumStart(view, base, header.csumStart);
  setCsumOffset(view, base, header.csumOffset);
  return HEADER_LEN;
}
