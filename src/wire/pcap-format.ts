/**
 * The pcap file format (pcap-savefile(5), draft-ietf-opsawg-pcap), in the byte order that the magic number shows.
 *
 *     file header, 24 octets                      record header, 16 octets
 *      0        4       6       8                  0         4          8        12     16
 *     +--------+-------+-------+------------+     +---------+----------+--------+------+
 *     | magic  | major | minor | 0 (8 oct.) |     | seconds | fraction | caplen | len  | caplen octets of frame
 *     +--------+-------+-------+------------+     +---------+----------+--------+------+
 *     | snaplen         | linktype          |
 *     +-----------------+-------------------+      fraction: microseconds or nanoseconds, as the magic says
 *     16                20                 24
 */
import { argumentError, UfoError } from '../errors.js';
import { swap32 } from './octets.js';

export const FILE_HEADER_LEN = 24;
export const RECORD_HEADER_LEN = 16;
/** What libpcap and tcpdump use; no link we read has longer frames. */
export const DEFAULT_SNAPLEN = 262_144;

const MAGIC_MICROSECONDS = 0xa1b2c3d4;
export const MAGIC_NANOSECONDS = 0xa1b23c4d;
const MAGIC_KUZNETZOV = 0xa1b2cd34;
const VERSION_MAJOR = 2;
const VERSION_MINOR = 4;
/** Versions before this one have caplen and len the other way round, and some writers of this one do (libpcap, sf-pcap.c). */
const VERSION_MINOR_EITHER = 3;
/** The upper bits of the link type field tell of a frame check sequence. */
const LINKTYPE_MASK = 0x03ff_ffff;

const MAGIC = 0;
const MAJOR = 4;
const MINOR = 6;
const ZEROES = 8;
const SNAPLEN = 16;
const LINKTYPE = 20;

/** Record header: offsets of its fields. */
export const RECORD_SECONDS = 0;
export const RECORD_FRACTION = 4;
export const RECORD_CAPLEN = 8;
export const RECORD_LEN = 12;

/** What a file header says. */
export interface PcapFormat {
  readonly linktype: number;
  /** Octets at which the capture cut frames. */
  readonly snaplen: number;
  /** Fractions of seconds are nanoseconds; otherwise microseconds. */
  readonly nanosecond: boolean;
  readonly littleEndian: boolean;
  /** Old files: caplen and len stand the other way round, always or where the first is the larger. */
  readonly lengths?: 'swapped' | 'either';
}

/**
 * The format of files we write unless told otherwise: nanoseconds, little-endian.
 * @example
 * ```js
 * import { LINKTYPE_ETHERNET, pcapFormat } from 'udp-ufo';
 *
 * const { nanosecond, littleEndian } = pcapFormat(LINKTYPE_ETHERNET, { nanosecond: false });
 * console.log(nanosecond, littleEndian); // false true
 * ```
 */
export function pcapFormat(linktype: number, changes: Partial<Omit<PcapFormat, 'linktype'>> = {}): PcapFormat {
  if (!Number.isInteger(linktype) || linktype < 0 || linktype > LINKTYPE_MASK) {
    throw argumentError('linktype', linktype, `an integer 0…${LINKTYPE_MASK}`);
  }
  return { linktype, snaplen: DEFAULT_SNAPLEN, nanosecond: true, littleEndian: true, ...changes };
}

/** Writes the file header. Returns its length. */
export function putFileHeader(view: DataView, base: number, format: PcapFormat): number {
  const little = format.littleEndian;
  view.setUint32(base + MAGIC, format.nanosecond ? MAGIC_NANOSECONDS : MAGIC_MICROSECONDS, little);
  view.setUint16(base + MAJOR, VERSION_MAJOR, little);
  view.setUint16(base + MINOR, VERSION_MINOR, little);
  view.setUint32(base + ZEROES, 0);
  view.setUint32(base + ZEROES + 4, 0);
  view.setUint32(base + SNAPLEN, format.snaplen, little);
  view.setUint32(base + LINKTYPE, format.linktype, little);
  return FILE_HEADER_LEN;
}

/** Writes a record header; time in seconds and nanoseconds whatever the format. Returns its length. */
export function putRecordHeader(
  view: DataView,
  base: number,
  format: PcapFormat,
  record: { readonly seconds: number; readonly nanoseconds: number; readonly caplen: number; readonly len: number },
): number {
  const little = format.littleEndian;
  const fraction = format.nanosecond ? record.nanoseconds : Math.floor(record.nanoseconds / 1000);
  view.setUint32(base + RECORD_SECONDS, record.seconds, little);
  view.setUint32(base + RECORD_FRACTION, fraction, little);
  view.setUint32(base + RECORD_CAPLEN, record.caplen, little);
  view.setUint32(base + RECORD_LEN, record.len, little);
  return RECORD_HEADER_LEN;
}

/**
 * Reads the file header in the first octets of a file. Throws `ERR_UFO_NOT_A_PCAP`, naming what was found, where they are
 * no header of a pcap file or fewer than 24.
 */
export function parseFileHeader(head: Uint8Array): PcapFormat {
  const view = new DataView(head.buffer, head.byteOffset, head.length);
  const littleEndian = head.length >= 4 && isPcapMagic(view.getUint32(MAGIC, true));
  if (head.length < 4 || !(littleEndian || isPcapMagic(view.getUint32(MAGIC)))) throw notPcap(head);
  if (head.length < FILE_HEADER_LEN) {
    throw notACapture(`a pcap file cut within its file header: ${head.length} of ${FILE_HEADER_LEN} octets`);
  }
  const major = view.getUint16(MAJOR, littleEndian);
  if (major !== VERSION_MAJOR) throw notACapture(`a pcap file of version ${major}, known is ${VERSION_MAJOR}`);
  const minor = view.getUint16(MINOR, littleEndian);
  return {
    linktype: view.getUint32(LINKTYPE, littleEndian) & LINKTYPE_MASK,
    snaplen: view.getUint32(SNAPLEN, littleEndian),
    nanosecond: view.getUint32(MAGIC, littleEndian) === MAGIC_NANOSECONDS,
    littleEndian,
    ...(minor <= VERSION_MINOR_EITHER && { lengths: minor < VERSION_MINOR_EITHER ? 'swapped' : 'either' }),
  };
}

/**
 * Whether the 16 octets at `at`, where a record header is to be, are the beginning of a file header: files were joined by
 * `cat`. Besides the magic number its version and eight zeroes are asked for.
 */
export function isFileHeader(view: DataView, at: number): boolean {
  return view.getUint32(at + ZEROES) === 0 && view.getUint32(at + ZEROES + 4) === 0 && beginsFile(view, at);
}

/** Whether the 8 octets at `at` are magic number and version of a file header. */
export function beginsFile(view: DataView, at: number): boolean {
  const littleEndian = isPcapMagic(view.getUint32(at + MAGIC, true));
  if (!littleEndian && !isPcapMagic(view.getUint32(at + MAGIC))) return false;
  return (
    view.getUint16(at + MAJOR, littleEndian) === VERSION_MAJOR &&
    view.getUint16(at + MINOR, littleEndian) <= VERSION_MINOR
  );
}

/** Whether these first four octets can be those of a pcap file. */
export function mayBePcap(head: Uint8Array): boolean {
  const view = new DataView(head.buffer, head.byteOffset, head.length);
  return isPcapMagic(view.getUint32(MAGIC, true)) || isPcapMagic(view.getUint32(MAGIC));
}

function isPcapMagic(magic: number): boolean {
  return magic === MAGIC_MICROSECONDS || magic === MAGIC_NANOSECONDS;
}

/** The error for what is no capture file. */
export function notACapture(found: string, hint?: string): UfoError {
  return new UfoError('ERR_UFO_NOT_A_PCAP', `not a readable pcap: ${found}`, hint);
}

/** The error for octets that begin like no pcap file. */
function notPcap(head: Uint8Array): UfoError {
  if (head.length === 0) return notACapture('an empty file');
  const view = new DataView(head.buffer, head.byteOffset, head.length);
  const magic = head.length >= 4 ? view.getUint32(0) : 0;
  if (magic === MAGIC_KUZNETZOV || swap32(magic) >>> 0 === MAGIC_KUZNETZOV) {
    return notACapture("a pcap file of Kuznetzov's patched libpcap", 'convert it: editcap -F pcap IN OUT');
  }
  if (magic === 0xfd377a58) return notACapture('xz-compressed data', 'decompress it: xz -d IN.xz');
  const first = head.subarray(0, 16);
  if (first.every(isText)) return notACapture(`text that begins ${JSON.stringify(String.fromCharCode(...first))}`);
  return notACapture(
    `octets that begin ${[...first.subarray(0, 4)].map((octet) => octet.toString(16).padStart(2, '0')).join(' ')}`,
  );
}

function isText(octet: number): boolean {
  return (octet >= 0x20 && octet < 0x7f) || octet === 0x09 || octet === 0x0a || octet === 0x0d;
}
