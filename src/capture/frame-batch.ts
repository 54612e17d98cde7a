import { writeSync } from 'node:fs';
import { type PcapFormat, putFileHeader, putRecordHeader, RECORD_HEADER_LEN } from '../wire/pcap-format.js';

const CAPACITY = 512 * 1024;

/**
 * Collects frames as a pcap stream and writes them to a descriptor in batches. Writing waits for the reader: the kernel's
 * ring fills meanwhile, and its drops are counted.
 */
export class FrameBatch {
  readonly #fd: number;
  readonly #format: PcapFormat;
  readonly #bytes = Buffer.allocUnsafeSlow(CAPACITY);
  readonly #view = new DataView(this.#bytes.buffer);
  readonly #record = { seconds: 0, nanoseconds: 0, caplen: 0, len: 0 };
  #used = 0;

  constructor(fd: number, format: PcapFormat) {
    this.#fd = fd;
    this.#format = format;
    this.#used = putFileHeader(this.#view, 0, format);
  }

  /** Appends `bytes[0 … caplen)`, at most 262,144 octets, of a frame that had `len` on the wire. */
  push(bytes: Buffer, caplen: number, len: number, seconds: number, nanoseconds: number): void {
    if (this.#used + RECORD_HEADER_LEN + caplen > CAPACITY) this.flush();
    const record = this.#record;
    record.seconds = seconds;
    record.nanoseconds = nanoseconds;
    record.caplen = caplen;
    record.len = len;
    const data = this.#used + putRecordHeader(this.#view, this.#used, this.#format, record);
    bytes.copy(this.#bytes, data, 0, caplen);
    this.#used = data + caplen;
  }

  /** Writes out what has collected; throws EPIPE when the reader is gone. */
  flush(): void {
    for (let from = 0; from < this.#used; ) from += writeSync(this.#fd, this.#bytes, from, this.#used - from);
    this.#used = 0;
  }
}
