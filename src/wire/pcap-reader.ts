import type { UfoError } from '../errors.js';
import type { Frame } from './frame.js';
import {
  DEFAULT_SNAPLEN,
  FILE_HEADER_LEN,
  mayBePcap,
  type PcapFormat,
  parseFileHeader,
  RECORD_CAPLEN,
  RECORD_FRACTION,
  RECORD_HEADER_LEN,
  RECORD_LEN,
  RECORD_SECONDS,
} from './pcap-format.js';

/** A snaplen above this is "no limit" and no reason to believe a record of gigabytes. */
const MAX_SNAPLEN = 0x100_0000;

/** How a file ended. */
export interface PcapEnd {
  /** `truncated`: the file stops within a record. `corrupt`: a record cannot be; what follows it was not read. */
  readonly status: 'ok' | 'truncated' | 'corrupt';
  /** What is missing or wrong and where, for a person to read; empty for `ok`. */
  readonly detail: string;
  /** Frames delivered. */
  readonly frames: number;
  /** Octets read as whole records, the file header included. */
  readonly octets: number;
}

/**
 * Reads a pcap file that comes in chunks. Frames point into the chunks, which from then on belong to the frames: a chunk
 * must not be written again while its frames are in use. Only a record that lies across chunks is copied.
 *
 * Throws nothing but `ERR_UFO_NOT_A_PCAP`, as soon as the first octets show that this is no pcap file (`push`), or where it
 * ends within the file header (`end`).
 */
export class PcapReader {
  #format: PcapFormat | undefined;
  #maxCaplen = DEFAULT_SNAPLEN;
  /** The beginning of a header or record that the last chunk did not finish, in a buffer of just its length. */
  #carry: Uint8Array = new Uint8Array(FILE_HEADER_LEN);
  #carried = 0;
  #octets = 0;
  #frames = 0;
  #fault = '';
  #notPcap: UfoError | undefined;

  /** What the file header said; undefined until it was read. */
  get format(): PcapFormat | undefined {
    return this.#format;
  }

  /** The frames that this chunk completes, in order. After a corrupt record there are none, and `end` tells why. */
  push(chunk: Uint8Array): Frame[] {
    if (this.#notPcap) throw this.#notPcap;
    const frames: Frame[] = [];
    let at = 0;
    if (this.#format === undefined) {
      at = this.#pushHeader(chunk);
      if (this.#format === undefined) return frames;
    }
    if (this.#carried > 0) at = this.#finishCarried(chunk, at, frames);
    if (this.#carried === 0 && this.#fault === '') this.#scan(chunk, at, frames);
    return frames;
  }

  /** Tells how the file ended; to be called once, after the last chunk. */
  end(): PcapEnd {
    if (this.#notPcap) throw this.#notPcap;
    if (this.#format === undefined) parseFileHeader(this.#carry.subarray(0, this.#carried));
    const status = this.#fault !== '' ? 'corrupt' : this.#carried > 0 ? 'truncated' : 'ok';
    const detail = status === 'truncated' ? this.#missing() : this.#fault;
    return { status, detail, frames: this.#frames, octets: this.#octets };
  }

  #pushHeader(chunk: Uint8Array): number {
    const at = this.#fill(chunk, 0, FILE_HEADER_LEN);
    const head = this.#carry.subarray(0, this.#carried);
    if (this.#carried < FILE_HEADER_LEN && mayBePcap(head)) return at;
    try {
      this.#format = parseFileHeader(head);
    } catch (error) {
      this.#notPcap = error as UfoError;
      throw error;
    }
    const { snaplen } = this.#format;
    if (snaplen <= MAX_SNAPLEN) this.#maxCaplen = Math.max(DEFAULT_SNAPLEN, snaplen);
    this.#octets = FILE_HEADER_LEN;
    this.#carried = 0;
    return at;
  }

  /** Moves octets of the chunk to the carry until it holds `want`; returns where the chunk goes on. */
  #fill(chunk: Uint8Array, at: number, want: number): number {
    const take = Math.min(want - this.#carried, chunk.length - at);
    this.#carry.set(chunk.subarray(at, at + take), this.#carried);
    this.#carried += take;
    return at + take;
  }

  /** Completes the record that earlier chunks began, if this chunk can. */
  #finishCarried(chunk: Uint8Array, start: number, frames: Frame[]): number {
    let at = start;
    if (this.#carried < RECORD_HEADER_LEN) at = this.#fill(chunk, at, RECORD_HEADER_LEN);
    if (this.#carried < RECORD_HEADER_LEN) return at;
    const caplen = this.#carriedCaplen();
    if (caplen > this.#maxCaplen) {
      this.#corrupt(caplen);
      return at;
    }
    const want = RECORD_HEADER_LEN + caplen;
    if (this.#carry.length < want) this.#growCarry(want);
    at = this.#fill(chunk, at, want);
    if (this.#carried < want) return at;
    const record = this.#carry.subarray(0, want);
    this.#carry = new Uint8Array(RECORD_HEADER_LEN); // the old one is the frame's from now on
    this.#carried = 0;
    this.#scan(record, 0, frames);
    return at;
  }

  #carriedCaplen(): number {
    return new DataView(this.#carry.buffer).getUint32(RECORD_CAPLEN, this.#format!.littleEndian);
  }

  #growCarry(len: number): void {
    const grown = new Uint8Array(len);
    grown.set(this.#carry.subarray(0, this.#carried));
    this.#carry = grown;
  }

  /** Takes the whole records from `start` on and carries what is left. */
  #scan(chunk: Uint8Array, start: number, frames: Frame[]): void {
    const { littleEndian, linktype, nanosecond } = this.#format!;
    const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.length);
    const scale = nanosecond ? 1 : 1000;
    const before = frames.length;
    let at = start;
    let caplen = 0;
    while (at + RECORD_HEADER_LEN <= chunk.length) {
      caplen = view.getUint32(at + RECORD_CAPLEN, littleEndian);
      const offset = at + RECORD_HEADER_LEN;
      if (caplen > this.#maxCaplen || offset + caplen > chunk.length) break;
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
    this.#octets += at - start;
    this.#frames += frames.length - before;
    if (caplen > this.#maxCaplen) this.#corrupt(caplen);
    else if (at < chunk.length) this.#carryFrom(chunk, at);
  }

  #carryFrom(chunk: Uint8Array, at: number): void {
    const left = chunk.length - at;
    if (left > this.#carry.length) this.#carry = new Uint8Array(left);
    this.#fill(chunk, at, left);
  }

  #corrupt(caplen: number): void {
    this.#fault =
      `record ${this.#frames + 1} at octet ${this.#octets} claims ${caplen} octets, ` +
      `more than a frame can have (${this.#maxCaplen})`;
    this.#carried = 0;
  }

  #missing(): string {
    const where = `record ${this.#frames + 1} at octet ${this.#octets}`;
    if (this.#carried < RECORD_HEADER_LEN) {
      return `cut within the header of ${where}: ${this.#carried} of ${RECORD_HEADER_LEN} octets`;
    }
    return `cut within ${where}: ${this.#carried - RECORD_HEADER_LEN} of ${this.#carriedCaplen()} octets`;
  }
}

/**
 * The frames of a pcap file as batches, one per chunk, for example of `createReadStream(path, { highWaterMark: 1 << 20 })`;
 * returns how the file ended. Rejects with what the source rejects with, and with `ERR_UFO_NOT_A_PCAP`.
 */
export async function* readPcap(source: AsyncIterable<Uint8Array>): AsyncGenerator<Frame[], PcapEnd> {
  const reader = new PcapReader();
  for await (const chunk of source) {
    const frames = reader.push(chunk);
    if (frames.length > 0) yield frames;
  }
  return reader.end();
}
