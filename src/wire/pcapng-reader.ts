import { beginsFile, notACapture } from './pcap-format.js';
import {
  BLOCK_ENHANCED_PACKET,
  BLOCK_FRAME_LEN,
  BLOCK_HEAD_LEN,
  BLOCK_INTERFACE,
  BLOCK_OBSOLETE_PACKET,
  BLOCK_SECTION,
  BLOCK_SIMPLE_PACKET,
  BLOCK_STATISTICS,
  BYTE_ORDER_MAGIC,
  blockTypeName,
  findOption,
  INTERFACE_BODY_LEN,
  isSectionHeader,
  NO_DROP_COUNT,
  OPT_EPB_DROPCOUNT,
  PACKET_BODY_LEN,
  padded,
  SECTION_BODY_LEN,
  SECTION_HEAD_LEN,
  SIMPLE_BODY_LEN,
  STATISTICS_BODY_LEN,
  VERSION_MAJOR,
} from './pcapng-format.js';
import { type CaptureInterface, lostOn, parseComment, parseDrops, parseInterface } from './pcapng-interface.js';
import { PacketBlocks } from './pcapng-records.js';
import type { RecordRuns } from './record-run.js';
import { caplenLimit, RecordStream } from './record-stream.js';

/** Body octets that each kind of block has at least; kinds not named here are skipped. */
const LEAST_BODY: ReadonlyMap<number, number> = new Map([
  [BLOCK_SECTION, SECTION_BODY_LEN],
  [BLOCK_INTERFACE, INTERFACE_BODY_LEN],
  [BLOCK_OBSOLETE_PACKET, PACKET_BODY_LEN],
  [BLOCK_SIMPLE_PACKET, SIMPLE_BODY_LEN],
  [BLOCK_STATISTICS, STATISTICS_BODY_LEN],
  [BLOCK_ENHANCED_PACKET, PACKET_BODY_LEN],
]);
/** A block that we read is no longer than that: a frame of the greatest snaplen and room for options. */
const MAX_BLOCK_LEN = caplenLimit(0x100_0000) + 0x10_0000;
/** Interfaces of a section and comments of a file kept; a file can hold any number. */
const MAX_INTERFACES = 65_536;
const COMMENTS_KEPT = 100;

/**
 * Reads a pcapng file that comes in chunks: sections of either byte order, frames of every kind of packet block with their
 * comments, times in whatever resolution; blocks of other kinds are skipped.
 *
 * Throws nothing but `ERR_UFO_NOT_A_PCAP`, for what begins like a section header and is none.
 */
export class PcapngReader extends RecordStream {
  #littleEndian = true;
  #sections = 0;
  #blocks = 0;
  #interfaces: CaptureInterface[] = [];
  /** By interface and type of block; the latest once more, for most blocks are of one. */
  readonly #formats = new Map<number, PacketBlocks>();
  #latest: { readonly key: number; readonly format: PacketBlocks } | undefined;
  /** Lost in the sections before this one. */
  #lostBefore: number | null = null;
  readonly #comments: string[] = [];
  readonly remarks: readonly string[] = [];

  /** Whether a section header was read. */
  get begun(): boolean {
    return this.#sections > 0;
  }

  /** The interfaces of the section that is read. */
  get interfaces(): readonly CaptureInterface[] {
    return this.#interfaces;
  }

  /** Comments on the file's sections and interfaces, the first hundred. */
  get comments(): readonly string[] {
    return this.#comments;
  }

  /** Frames that the capture lost, by the file's statistics and packets; null where none of them says. */
  get lost(): number | null {
    return this.#interfaces.reduce((sum, from) => add(sum, lostOn(from)), this.#lostBefore);
  }

  protected want(head: Uint8Array, known: number): number {
    const view = new DataView(head.buffer, head.byteOffset, known);
    const len = this.#blockLen(view, 0, known, this.octets);
    if (len === 0) return known < BLOCK_HEAD_LEN ? BLOCK_HEAD_LEN : SECTION_HEAD_LEN;
    return len > 0 && !LEAST_BODY.has(this.#type(view, 0)) ? BLOCK_HEAD_LEN : len;
  }

  protected scan(chunk: Uint8Array, start: number, runs: RecordRuns): number {
    const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.length);
    let at = start;
    while (at < chunk.length) {
      const where = this.octets + at - start;
      const len = this.#blockLen(view, at, chunk.length - at, where);
      if (len <= 0) return at;
      const type = this.#type(view, at);
      if (LEAST_BODY.has(type)) {
        if (at + len > chunk.length) return at;
        if (!this.#block(chunk, view, at, len, where, runs)) return at;
      }
      this.#blocks += 1;
      at += len;
    }
    return at;
  }

  protected cutWithin(head: Uint8Array, known: number, skip: number): string {
    const number = `block ${this.#blocks + (skip > 0 ? 0 : 1)}`;
    if (skip > 0) return `cut within ${number}, of a kind that is skipped: ${skip} octets are missing`;
    const where = `${number} at octet ${this.octets}`;
    if (!this.begun) throw notACapture(`a pcapng file cut within its section header: ${known} octets`);
    if (known < BLOCK_HEAD_LEN) return `cut within the head of ${where}: ${known} of ${BLOCK_HEAD_LEN} octets`;
    const view = new DataView(head.buffer, head.byteOffset, known);
    const name = blockTypeName(this.#type(view, 0));
    return `cut within ${where} (${name}): ${known} of ${view.getUint32(4, this.#littleEndian)} octets`;
  }

  override end(): ReturnType<RecordStream['end']> {
    const ended = super.end();
    if (!this.begun) throw notACapture('an empty file');
    return ended;
  }

  #type(view: DataView, at: number): number {
    return view.getUint32(at, this.#littleEndian);
  }

  /** Total length of the block at `at`; 0 where more octets are needed to know; −1 for one that cannot be. */
  #blockLen(view: DataView, at: number, available: number, where: number): number {
    if (available < BLOCK_HEAD_LEN) return 0;
    if (view.getUint32(at) === BLOCK_SECTION) {
      // A palindrome: the type reads the same in both orders, and the magic behind the length tells which it is.
      if (available < SECTION_HEAD_LEN) return 0;
      if (!isSectionHeader(view, at)) return this.#refuse(where, 'a section header without byte-order magic');
      this.#littleEndian = view.getUint32(at + BLOCK_HEAD_LEN, true) === BYTE_ORDER_MAGIC;
    } else if (!this.begun) return this.#refuse(where, 'no section header');
    if (beginsFile(view, at)) return this.#refuse(where, 'the beginning of a pcap file, joined by cat');
    const len = view.getUint32(at + 4, this.#littleEndian);
    const type = this.#type(view, at);
    const least = BLOCK_FRAME_LEN + (LEAST_BODY.get(type) ?? 0);
    const ofInterest = LEAST_BODY.has(type);
    if (len >= least && len % 4 === 0 && (len <= MAX_BLOCK_LEN || !ofInterest)) return len;
    return this.#refuse(where, `${blockTypeName(type)} that claims ${len} octets`);
  }

  /** A file that begins so is no pcapng; later it is a fault of the file. */
  #refuse(where: number, what: string): -1 {
    if (!this.begun) throw notACapture(`a pcapng file with ${what}`);
    return this.corrupt(`block ${this.#blocks + 1} at octet ${where} is ${what}`);
  }

  #stopAt(where: number, what: string): false {
    this.#refuse(where, what);
    return false;
  }

  /** Takes one whole block; false after `corrupt`. */
  #block(chunk: Uint8Array, view: DataView, at: number, len: number, where: number, runs: RecordRuns): boolean {
    const little = this.#littleEndian;
    if (view.getUint32(at + len - 4, little) !== len) {
      return this.#stopAt(where, `${blockTypeName(this.#type(view, at))} whose two lengths differ`);
    }
    const start = at + BLOCK_HEAD_LEN;
    const end = at + len - 4;
    switch (this.#type(view, at)) {
      case BLOCK_SECTION:
        return this.#section(chunk, view, start, end, where);
      case BLOCK_INTERFACE:
        if (this.#interfaces.length === MAX_INTERFACES) return this.#stopAt(where, 'one interface too many');
        this.#interfaces.push(parseInterface(chunk, start, end, little, (text) => this.#comment(text)));
        return true;
      case BLOCK_STATISTICS: {
        const it = this.#interfaces[view.getUint32(start, little)];
        if (it) it.stated = parseDrops(chunk, start, end, little) ?? it.stated;
        return true;
      }
      case BLOCK_SIMPLE_PACKET:
        return this.#simplePacket(chunk, at, len, where, runs);
      default:
        return this.#packet(chunk, view, at, len, where, runs);
    }
  }

  #section(chunk: Uint8Array, view: DataView, start: number, end: number, where: number): boolean {
    const major = view.getUint16(start + 4, this.#littleEndian);
    if (major !== VERSION_MAJOR) return this.#stopAt(where, `a section of version ${major}, known is ${VERSION_MAJOR}`);
    this.#lostBefore = this.lost;
    this.#interfaces = [];
    this.#formats.clear();
    this.#latest = undefined;
    this.#sections += 1;
    const comment = parseComment(chunk, start + SECTION_BODY_LEN, end, this.#littleEndian);
    if (comment !== undefined) this.#comment(comment);
    return true;
  }

  /** An enhanced packet, or an obsolete one, which has two fields of 16 bits where that has one of 32. */
  #packet(chunk: Uint8Array, view: DataView, at: number, len: number, where: number, runs: RecordRuns): boolean {
    const little = this.#littleEndian;
    const start = at + BLOCK_HEAD_LEN;
    const type = this.#type(view, at);
    const number = type === BLOCK_OBSOLETE_PACKET ? view.getUint16(start, little) : view.getUint32(start, little);
    const format = this.#format(number, type);
    if (format === undefined) return this.#stopAt(where, `a packet of interface ${number}, which is not described`);
    const caplen = view.getUint32(start + 12, little);
    if (caplen > len - BLOCK_FRAME_LEN - PACKET_BODY_LEN)
      return this.#stopAt(where, `a packet block too small for its ${caplen} octets`);
    const from = this.#interfaces[number]!;
    from.counted = add(from.counted, this.#drops(view, at, len, caplen));
    runs.add(format, chunk, at, at + len, 1);
    return true;
  }

  /** Frames lost right before the packet whose block is at `at`; null where it does not say. */
  #drops(view: DataView, at: number, len: number, caplen: number): number | null {
    const little = this.#littleEndian;
    const start = at + BLOCK_HEAD_LEN;
    if (this.#type(view, at) === BLOCK_OBSOLETE_PACKET) {
      const drops = view.getUint16(start + 2, little);
      return drops === NO_DROP_COUNT ? null : drops;
    }
    const value = findOption(view, start + PACKET_BODY_LEN + padded(caplen), at + len - 4, little, OPT_EPB_DROPCOUNT);
    return value < 0 ? null : Number(view.getBigUint64(value, little));
  }

  #simplePacket(chunk: Uint8Array, at: number, len: number, where: number, runs: RecordRuns): boolean {
    const format = this.#format(0, BLOCK_SIMPLE_PACKET);
    if (format === undefined) return this.#stopAt(where, 'a simple packet without an interface');
    runs.add(format, chunk, at, at + len, 1);
    return true;
  }

  /** That of blocks of `type` of the section's interface `number`; undefined where it has no such. */
  #format(number: number, type: number): PacketBlocks | undefined {
    const from = this.#interfaces[number];
    if (from === undefined) return undefined;
    const key = number * 8 + type;
    if (this.#latest?.key === key) return this.#latest.format;
    const format = this.#formats.get(key) ?? new PacketBlocks(from, type, this.#littleEndian);
    this.#formats.set(key, format);
    this.#latest = { key, format };
    return format;
  }

  #comment(text: string): void {
    if (this.#comments.length < COMMENTS_KEPT) this.#comments.push(text);
  }
}

function add(sum: number | null, more: number | null): number | null {
  return more === null ? sum : (sum ?? 0) + more;
}
