import type { Frame } from './frame.js';
import {
  FILE_HEADER_LEN,
  isFileHeader,
  mayBePcap,
  type PcapFormat,
  parseFileHeader,
  RECORD_CAPLEN,
  RECORD_FRACTION,
  RECORD_HEADER_LEN,
  RECORD_LEN,
  RECORD_SECONDS,
} from './pcap-format.js';
import { isSectionHeader } from './pcapng-format.js';
import { caplenLimit, RecordStream } from './record-stream.js';

const MAGIC_LEN = 4;
/** Remarks kept; what comes after them is counted only. */
const REMARKS_KEPT = 20;

/**
 * Reads a pcap file that comes in chunks; files joined by `cat` are read on, with a remark.
 *
 * Throws nothing but `ERR_UFO_NOT_A_PCAP`, as soon as the first octets show that this is no pcap file (`push`), or where it
 * ends within the file header (`end`).
 */
export class PcapReader extends RecordStream {
  #format: PcapFormat | undefined;
  #maxCaplen = 0;
  readonly #remarks: string[] = [];
  /** pcap says nothing of frames that the capture lost. */
  readonly lost = null;

  /** What the file header said, the last one where there are several; undefined until it was read. */
  get format(): PcapFormat | undefined {
    return this.#format;
  }

  /** Whether the file header was read. */
  get begun(): boolean {
    return this.#format !== undefined;
  }

  /** What a person should know of the file, and is no fault. */
  get remarks(): readonly string[] {
    return this.#remarks;
  }

  protected want(head: Uint8Array, known: number): number {
    if (this.#format === undefined) {
      return known >= FILE_HEADER_LEN || (known >= MAGIC_LEN && !mayBePcap(head)) ? known : FILE_HEADER_LEN;
    }
    if (known < RECORD_HEADER_LEN) return RECORD_HEADER_LEN;
    const view = new DataView(head.buffer, head.byteOffset, known);
    if (isFileHeader(view, 0)) return FILE_HEADER_LEN;
    const caplen = this.#caplen(view, 0);
    if (caplen > this.#maxCaplen) return this.#impossible(view, 0, this.octets);
    return RECORD_HEADER_LEN + caplen;
  }

  protected scan(chunk: Uint8Array, start: number, frames: Frame[]): number {
    let at = start;
    if (this.#format === undefined) {
      if (chunk.length - at < MAGIC_LEN) return at;
      const head = chunk.subarray(at, at + FILE_HEADER_LEN);
      if (head.length < FILE_HEADER_LEN && mayBePcap(head)) return at;
      at = this.#begin(head, at);
    }
    const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.length);
    for (;;) {
      at = this.#records(chunk, view, at, frames);
      if (chunk.length - at < RECORD_HEADER_LEN) return at;
      const where = this.octets + at - start;
      if (isFileHeader(view, at)) {
        if (chunk.length - at < FILE_HEADER_LEN) return at;
        this.#remark(`another pcap file begins at octet ${where}, as where files are joined by cat: read on`);
        at = this.#begin(chunk.subarray(at, at + FILE_HEADER_LEN), at);
        continue;
      }
      if (this.#caplen(view, at) > this.#maxCaplen) this.#impossible(view, at, where, frames.length);
      return at;
    }
  }

  protected cutWithin(head: Uint8Array, known: number): string {
    if (this.#format === undefined) parseFileHeader(head.subarray(0, known));
    const where = `record ${this.frames + 1} at octet ${this.octets}`;
    if (known < RECORD_HEADER_LEN) {
      return `cut within the header of ${where}: ${known} of ${RECORD_HEADER_LEN} octets`;
    }
    const caplen = this.#caplen(new DataView(head.buffer, head.byteOffset, known), 0);
    return `cut within ${where}: ${known - RECORD_HEADER_LEN} of ${caplen} octets`;
  }

  override end(): ReturnType<RecordStream['end']> {
    const ended = super.end();
    if (this.#format === undefined) parseFileHeader(new Uint8Array(0));
    return ended;
  }

  #begin(head: Uint8Array, at: number): number {
    this.#format = parseFileHeader(head);
    this.#maxCaplen = caplenLimit(this.#format.snaplen);
    return at + FILE_HEADER_LEN;
  }

  /** Whole records up to one that is incomplete, impossible or a file header; returns where that begins. */
  #records(chunk: Uint8Array, view: DataView, start: number, frames: Frame[]): number {
    const { littleEndian, linktype, nanosecond, lengths } = this.#format!;
    if (lengths !== undefined) return this.#oldRecords(chunk, view, start, frames);
    const maxCaplen = this.#maxCaplen;
    const scale = nanosecond ? 1 : 1000;
    let at = start;
    while (at + RECORD_HEADER_LEN <= chunk.length) {
      const caplen = view.getUint32(at + RECORD_CAPLEN, littleEndian);
      const offset = at + RECORD_HEADER_LEN;
      if (caplen > maxCaplen || offset + caplen > chunk.length || (caplen === 0 && isFileHeader(view, at))) break;
      frames.push({
        bytes: chunk,
        offset,
        caplen,
        len: view.getUint32(at + RECORD_LEN, littleEndian),
        linktype,
        seconds: view.getUint32(at + RECORD_SECONDS, littleEndian),
        nanoseconds: view.getUint32(at + RECORD_FRACTION, littleEndian) * scale,
      });
      at = offset + caplen;
    }
    return at;
  }

  /** The same where the lengths may be swapped. */
  #oldRecords(chunk: Uint8Array, view: DataView, start: number, frames: Frame[]): number {
    const { littleEndian, linktype, nanosecond } = this.#format!;
    let at = start;
    while (at + RECORD_HEADER_LEN <= chunk.length) {
      const caplen = this.#caplen(view, at);
      const offset = at + RECORD_HEADER_LEN;
      if (caplen > this.#maxCaplen || offset + caplen > chunk.length || isFileHeader(view, at)) break;
      const [one, other] = [RECORD_CAPLEN, RECORD_LEN].map((field) => view.getUint32(at + field, littleEndian));
      frames.push({
        bytes: chunk,
        offset,
        caplen,
        len: one! + other! - caplen,
        linktype,
        seconds: view.getUint32(at + RECORD_SECONDS, littleEndian),
        nanoseconds: view.getUint32(at + RECORD_FRACTION, littleEndian) * (nanosecond ? 1 : 1000),
      });
      at = offset + caplen;
    }
    return at;
  }

  #caplen(view: DataView, at: number): number {
    const { littleEndian, lengths } = this.#format!;
    const first = view.getUint32(at + RECORD_CAPLEN, littleEndian);
    if (lengths === undefined) return first;
    const second = view.getUint32(at + RECORD_LEN, littleEndian);
    return lengths === 'swapped' || first > second ? second : first;
  }

  #impossible(view: DataView, at: number, octet: number, more = 0): -1 {
    const where = `record ${this.frames + more + 1} at octet ${octet}`;
    if (isSectionHeader(view, at)) return this.corrupt(`${where} is the beginning of a pcapng file, joined by cat`);
    const caplen = this.#caplen(view, at);
    return this.corrupt(`${where} claims ${caplen} octets, more than a frame can have (${this.#maxCaplen})`);
  }

  #remark(text: string): void {
    if (this.#remarks.length < REMARKS_KEPT) this.#remarks.push(text);
  }
}
