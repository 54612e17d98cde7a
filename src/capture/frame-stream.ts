import { UfoError } from '../errors.js';
import type { Frame } from '../wire/frame.js';
import { MAX_FRAME_LEN, RECORD_HEADER_LEN } from './frame-batch.js';

const FILE_HEADER_LEN = 24;

/**
 * Turns the pcap stream of a capture child (`FrameBatch`), cut anywhere, into frames. Frames borrow the chunks: only one
 * that lies across two chunks is copied.
 */
export class FrameStream {
  #linktype: number | null = null;
  #rest: Buffer = Buffer.alloc(0);

  /** The frames that `chunk` completes. */
  push(chunk: Buffer): Frame[] {
    const frames: Frame[] = [];
    let bytes = chunk;
    while (this.#rest.length > 0 && bytes.length > 0) {
      // Only as much of the chunk as the piece left over lacks is copied.
      const missing = Math.min(this.#wanted() - this.#rest.length, bytes.length);
      this.#rest = Buffer.concat([this.#rest, bytes.subarray(0, missing)]);
      bytes = bytes.subarray(missing);
      if (this.#rest.length === this.#wanted()) {
        const whole = this.#rest;
        this.#rest = Buffer.alloc(0);
        this.#parse(whole, frames);
      }
    }
    this.#parse(bytes, frames);
    return frames;
  }

  /** Whether the stream ended in the middle of a frame. */
  get cut(): boolean {
    return this.#rest.length > 0;
  }

  /** Octets the piece left over must have to be whole, as far as known. */
  #wanted(): number {
    if (this.#linktype === null) return FILE_HEADER_LEN;
    if (this.#rest.length < RECORD_HEADER_LEN) return RECORD_HEADER_LEN;
    return RECORD_HEADER_LEN + caplenAt(this.#rest, 0);
  }

  #parse(bytes: Buffer, frames: Frame[]): void {
    let offset = 0;
    if (this.#linktype === null && bytes.length >= FILE_HEADER_LEN) {
      this.#linktype = bytes.readUInt32LE(20);
      offset = FILE_HEADER_LEN;
    }
    if (this.#linktype !== null) offset = this.#parseRecords(bytes, offset, this.#linktype, frames);
    if (offset < bytes.length) this.#rest = bytes.subarray(offset);
  }

  #parseRecords(bytes: Buffer, from: number, linktype: number, frames: Frame[]): number {
    let offset = from;
    while (offset + RECORD_HEADER_LEN <= bytes.length) {
      const caplen = caplenAt(bytes, offset);
      const data = offset + RECORD_HEADER_LEN;
      if (data + caplen > bytes.length) break;
      const seconds = bytes.readUInt32LE(offset);
      const nanoseconds = bytes.readUInt32LE(offset + 4);
      const len = bytes.readUInt32LE(offset + 12);
      frames.push({ bytes, offset: data, caplen, len, linktype, seconds, nanoseconds });
      offset = data + caplen;
    }
    return offset;
  }
}

function caplenAt(bytes: Buffer, offset: number): number {
  const caplen = bytes.readUInt32LE(offset + 8);
  if (caplen > MAX_FRAME_LEN)
    throw new UfoError('ERR_UFO_CAPTURE', `capture stream out of step: a frame of ${caplen} octets`);
  return caplen;
}
