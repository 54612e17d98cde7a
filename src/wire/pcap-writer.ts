import type { Writable } from 'node:stream';
import { argumentError } from '../errors.js';
import type { Frame } from './frame.js';
import { FILE_HEADER_LEN, type PcapFormat, putFileHeader, putRecordHeader, RECORD_HEADER_LEN } from './pcap-format.js';

/** Octets that `putRecords` writes for these frames. */
export function recordsLen(frames: Iterable<Frame>, format: PcapFormat): number {
  let len = 0;
  for (const frame of frames) len += RECORD_HEADER_LEN + Math.min(frame.caplen, format.snaplen);
  return len;
}

/**
 * Writes frames as records at `offset` of `out`, which must have room for `recordsLen`; a frame longer than the format's
 * snaplen is cut there. Returns the octets written. Throws `ERR_UFO_INVALID_ARGUMENT` for a frame of another link type,
 * which a pcap file cannot hold.
 */
export function putRecords(out: Uint8Array, offset: number, frames: Iterable<Frame>, format: PcapFormat): number {
  const view = new DataView(out.buffer, out.byteOffset, out.length);
  let at = offset;
  for (const frame of frames) {
    if (frame.linktype !== format.linktype) {
      throw argumentError('frame.linktype', frame.linktype, `${format.linktype}, the one link type of this pcap file`);
    }
    const { seconds, nanoseconds, len } = frame;
    const caplen = Math.min(frame.caplen, format.snaplen);
    at += putRecordHeader(view, at, format, { seconds, nanoseconds, caplen, len });
    out.set(frame.bytes.subarray(frame.offset, frame.offset + caplen), at);
    at += caplen;
  }
  return at - offset;
}

/** The file header in a buffer of its own. */
export function fileHeader(format: PcapFormat): Uint8Array {
  const header = new Uint8Array(FILE_HEADER_LEN);
  putFileHeader(new DataView(header.buffer), 0, format);
  return header;
}

/** A whole pcap file in memory. */
export function encodePcap(frames: readonly Frame[], format: PcapFormat): Uint8Array {
  const file = new Uint8Array(FILE_HEADER_LEN + recordsLen(frames, format));
  file.set(fileHeader(format));
  putRecords(file, FILE_HEADER_LEN, frames, format);
  return file;
}

/**
 * Writes a pcap file to a stream, batch by batch. `write` resolves when the stream has taken the batch, so that awaiting it
 * is the back-pressure; it copies the frames at once, whose buffers may be used again as soon as it returns. Failures of the
 * stream (EPIPE, ENOSPC) reject the `write` or `close` that met them.
 */
export class PcapWriter {
  readonly format: PcapFormat;
  readonly #stream: Writable;
  #headerDue = true;
  #frames = 0;

  constructor(stream: Writable, format: PcapFormat) {
    this.#stream = stream;
    this.format = format;
    // Every failure reaches the caller through write or close; unheard, the event would end the process.
    stream.on('error', ignore);
  }

  /** Frames written. */
  get frames(): number {
    return this.#frames;
  }

  async write(frames: readonly Frame[]): Promise<void> {
    const start = this.#headerDue ? FILE_HEADER_LEN : 0;
    const octets = new Uint8Array(start + recordsLen(frames, this.format));
    putRecords(octets, start, frames, this.format);
    if (this.#headerDue) octets.set(fileHeader(this.format));
    this.#headerDue = false;
    this.#frames += frames.length;
    if (octets.length > 0) await this.#flush(octets);
  }

  /** Writes the header of a file without frames, and ends the stream unless told to leave it open, as for stdout. */
  async close({ end = true }: { readonly end?: boolean } = {}): Promise<void> {
    if (this.#headerDue) await this.write([]);
    if (end) {
      await new Promise<void>((resolve, reject) => {
        this.#stream.end((error?: Error | null) => (error ? reject(error) : resolve()));
      });
    }
  }

  #flush(octets: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#stream.write(octets, (error) => (error ? reject(error) : resolve()));
    });
  }
}

function ignore(): void {}
