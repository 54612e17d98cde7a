import {
  FILE_HEADER_LEN,
  isFileHeader,
  mayBePcap,
  type PcapFormat,
  parseFileHeader,
  RECORD_CAPLEN,
  RECORD_HEADER_LEN,
} from './pcap-format.js';
import { PcapRecords } from './pcap-records.js';
import { isSectionHeader } from './pcapng-format.js';
import type { RecordRuns } from './record-run.js';
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
  #layout = new PcapRecords({ linktype: 0, littleEndian: true, nanosecond: true });
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
    const caplen = this.#layout.caplen(view, 0);
    if (caplen > this.#maxCaplen) return this.#impossible(view, 0, this.octets);
    return RECORD_HEADER_LEN + caplen;
  }

  protected scan(chunk: Uint8Array, start: number, runs: RecordRuns): number {
    let at = start;
    if (this.#format === undefined) {
      if (chunk.length - at < MAGIC_LEN) return at;
      const head = chunk.subarray(at, at + FILE_HEADER_LEN);
      if (head.length < FILE_HEADER_LEN && mayBePcap(head)) return at;
      at = this.#begin(head, at);
    }
    const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.length);
    for (;;) {
      at = this.#records(chunk, view, at, runs);
      if (chunk.length - at < RECORD_HEADER_LEN) return at;
      const where = this.octets + at - start;
      if (isFileHeader(view, at)) {
        if (chunk.length - at < FILE_HEADER_LEN) return at;
        this.#remark(`another pcap file begins at octet ${where}, as where files are joined by cat: read on`);
        at = this.#begin(chunk.subarray(at, at + FILE_HEADER_LEN), at);
        continue;
      }
      if (this.#layout.caplen(view, at) > this.#maxCaplen) this.#impossible(view, at, where, runs.frames);
      return at;
    }
  }

  protected cutWithin(head: Uint8Array, known: number): string {
    if (this.#format === undefined) parseFileHeader(head.subarray(0, known));
    const where = `record ${this.frames + 1} at octet ${this.octets}`;
    if (known < RECORD_HEADER_LEN) {
      return `cut within the header of ${where}: ${known} of ${RECORD_HEADER_LEN} octets`;
    }
    const caplen = this.#layout.caplen(new DataView(head.buffer, head.byteOffset, known), 0);
    return `cut within ${where}: ${known - RECORD_HEADER_LEN} of ${caplen} octets`;
  }

  override end(): ReturnType<RecordStream['end']> {
    const ended = super.end();
    if (this.#format === undefined) parseFileHeader(new Uint8Array(0));
    return ended;
  }

  #begin(head: Uint8Array, at: number): number {
    this.#format = parseFileHeader(head);
    this.#layout = new PcapRecords(this.#format);
    this.#maxCaplen = caplenLimit(this.#format.snaplen);
    return at + FILE_HEADER_LEN;
  }

  /** Whole records up to one that is incomplete, impossible or a file header; returns where that begins. */
  #records(chunk: Uint8Array, view: DataView, start: number, runs: RecordRuns): number {
    const { littleEndian, lengths } = this.#format!;
    const layout = this.#layout;
    const maxCaplen = this.#maxCaplen;
    let frames = 0;
    let at = start;
    while (at + RECORD_HEADER_LEN <= chunk.length) {
      const caplen = lengths === undefined ? view.getUint32(at + RECORD_CAPLEN, littleEndian) : layout.caplen(view, at);
      const end = at + RECORD_HEADER_LEN + caplen;
      const header = (caplen === 0 || lengths !== undefined) && isFileHeader(view, at);
      if (caplen > maxCaplen || end > chunk.length || header) break;
      frames += 1;
      at = end;
    }
    runs.add(layout, chunk, start, at, frames);
    return at;
  }

  #impossible(view: DataView, at: number, octet: number, more = 0): -1 {
    const where = `record ${this.frames + more + 1} at octet ${octet}`;
    if (isSectionHeader(view, at)) return this.corrupt(`${where} is the beginning of a pcapng file, joined by cat`);
    const caplen = this.#layout.caplen(view, at);
    return this.corrupt(`${where} claims ${caplen} octets, more than a frame can have (${this.#maxCaplen})`);
  }

  #remark(text: string): void {
    if (this.#remarks.length < REMARKS_KEPT) this.#remarks.push(text);
  }
}
