/**
 * The pcapng file format (draft-ietf-opsawg-pcapng): sections of blocks, each section in the byte order of its writer.
 *
 *      0        4            8                       len−4
 *     +--------+------------+------------------------+------------+
 *     | type   | total len  | body, padded to 32 bit | total len  |
 *     +--------+------------+------------------------+------------+
 *
 *     section header   byte-order magic 4, major 2, minor 2, section length 8, options
 *     interface        link type 2, reserved 2, snaplen 4, options
 *     enhanced packet  interface 4, time 4 + 4 (high, low), caplen 4, len 4, data, options
 *     simple packet    len 4, data: of interface 0, at no time
 *     obsolete packet  interface 2, drops 2, time 4 + 4, caplen 4, len 4, data, options
 *     statistics       interface 4, time 4 + 4, options
 *
 *     option           code 2, length 2, value padded to 32 bit; code 0 ends the list
 */

export const BLOCK_SECTION = 0x0a0d0d0a;
export const BLOCK_INTERFACE = 1;
export const BLOCK_OBSOLETE_PACKET = 2;
export const BLOCK_SIMPLE_PACKET = 3;
export const BLOCK_STATISTICS = 5;
export const BLOCK_ENHANCED_PACKET = 6;

export const BYTE_ORDER_MAGIC = 0x1a2b3c4d;
export const VERSION_MAJOR = 1;

/** Type and total length in front. */
export const BLOCK_HEAD_LEN = 8;
/** Head, and the total length once more. */
export const BLOCK_FRAME_LEN = 12;
/** A section header's head and byte-order magic: without them nobody knows how to read its length. */
export const SECTION_HEAD_LEN = 12;
export const SECTION_BODY_LEN = 16;
export const INTERFACE_BODY_LEN = 8;
export const PACKET_BODY_LEN = 20;
export const SIMPLE_BODY_LEN = 4;
export const STATISTICS_BODY_LEN = 12;

/** An obsolete packet's drops where its writer does not know them. */
export const NO_DROP_COUNT = 0xffff;

const OPT_END = 0;
export const OPT_COMMENT = 1;
export const OPT_SHB_USERAPPL = 4;
export const OPT_IF_NAME = 2;
export const OPT_IF_TSRESOL = 9;
export const OPT_IF_TSOFFSET = 14;
/** Of an enhanced packet: frames lost between it and the one before it, 64 bits. */
export const OPT_EPB_DROPCOUNT = { code: 4, len: 8 };
export const OPT_ISB_IFRECV = 4;
export const OPT_ISB_IFDROP = 5;
export const OPT_ISB_OSDROP = 7;

/** One option of a block. */
export interface BlockOption {
  readonly code: number;
  readonly value: Uint8Array;
}

/** Whether the 12 octets at `at` begin a section, in either byte order. */
export function isSectionHeader(view: DataView, at: number): boolean {
  if (at + SECTION_HEAD_LEN > view.byteLength || view.getUint32(at) !== BLOCK_SECTION) return false;
  const magic = at + BLOCK_HEAD_LEN;
  return view.getUint32(magic) === BYTE_ORDER_MAGIC || view.getUint32(magic, true) === BYTE_ORDER_MAGIC;
}

export const blockTypeName = (type: number): string =>
  BLOCK_NAMES.get(type) ?? `block of type 0x${type.toString(16).padStart(8, '0')}`;

const BLOCK_NAMES: ReadonlyMap<number, string> = new Map([
  [BLOCK_SECTION, 'section header'],
  [BLOCK_INTERFACE, 'interface description'],
  [BLOCK_OBSOLETE_PACKET, 'obsolete packet'],
  [BLOCK_SIMPLE_PACKET, 'simple packet'],
  [BLOCK_STATISTICS, 'interface statistics'],
  [BLOCK_ENHANCED_PACKET, 'enhanced packet'],
]);

/** What the length field of an option can say. */
const MOST_OPTION_LEN = 0xffff;
const encoder = new TextEncoder();

/** The octets of an option's text, as far as whole characters of it fit into `most`. */
export function optionText(text: string, most = MOST_OPTION_LEN): Uint8Array {
  const octets = new Uint8Array(Math.min(most, 3 * text.length)); // UTF-8 takes three for a UTF-16 unit at the most
  return octets.subarray(0, encoder.encodeInto(text, octets).written);
}

/** Octets to the next multiple of four. */
export function padded(len: number): number {
  return (len + 3) & ~3;
}

/** The options in `[start, end)` of a block; what does not fit ends the list. Values point into `bytes`. */
export function* readOptions(
  bytes: Uint8Array,
  start: number,
  end: number,
  littleEndian: boolean,
): Generator<BlockOption, void> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = start; at + 4 <= end; ) {
    const code = view.getUint16(at, littleEndian);
    const len = view.getUint16(at + 2, littleEndian);
    if (code === OPT_END || at + 4 + len > end) return;
    yield { code, value: bytes.subarray(at + 4, at + 4 + len) };
    at += 4 + padded(len);
  }
}

/**
 * Where the value of the first option of that code and length stands among those in `[start, end)`; −1 where there is none.
 * Makes no object: it is asked of every packet.
 */
export function findOption(
  view: DataView,
  start: number,
  end: number,
  littleEndian: boolean,
  { code, len }: { readonly code: number; readonly len: number },
): number {
  for (let at = start; at + 4 <= end; ) {
    const found = view.getUint16(at, littleEndian);
    const foundLen = view.getUint16(at + 2, littleEndian);
    if (found === OPT_END || at + 4 + foundLen > end) return -1;
    if (found === code && foundLen === len) return at + 4;
    at += 4 + padded(foundLen);
  }
  return -1;
}
