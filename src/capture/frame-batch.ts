import { writeSync } from 'node:fs';

const PCAP_NANO = 0xa1b23c4d;
const FILE_HEADER_LEN = 24;
/** Octets of the pcap record header before each frame. */
export const RECORD_HEADER_LEN = 16;
/** The largest frame anything here writes or reads: snaplen of libpcap's own MAXIMUM_SNAPLEN. */
export const MAX_FRAME_LEN = 262_144;
const CAPACITY = 512 * 1024;

/**
 * Collects frames as a pcap stream (nanoseconds, little endian) and writes them to a descriptor in batches. Writing waits
 * for the reader: the kernel's ring fills meanwhile, and its drops are counted.
 */
export class FrameBatch {
  readonly #fd: number;
  readonly #bytes = Buffer.allocUnsafeSlow(CAPACITY);
  readonly #view = new DataView(this.#bytes.buffer);
  #used = 0;

  constructor(fd: number, linktype: number, snaplen: number) {
    this.#fd = fd;
    const view = this.#view;
    view.setUint32(0, PCAP_NANO, true);
    view.setUint16(4, 2, true); // version 2.4
    view.setUint16(6, 4, true);
    view.setUint32(8, 0, true);
    view.setUint32(12, 0, true);
    view.setUint32(16, snaplen, true);
    view.setUint32(20, linktype, true);
    this.#used = FILE_HEADER_LEN;
  }

  /** Appends a frame of at most 262,144 octets; `len` is its length on the wire. */
  push(bytes: Buffer, caplen: number, len: number, seconds: number, nanoseconds: number): void {
    if (this.#used + RECORD_HEADER_LEN + caplen > CAPACITY) this.flush();
    const view = this.#view;
    const base = this.#used;
    view.setUint32(base, seconds, true);
    view.setUint32(base + 4, nanoseconds, true);
    view.setUint32(base + 8, caplen, true);
    view.setUint32(base + 12, len, true);
    bytes.copy(this.#bytes, base + RECORD_HEADER_LEN, 0, caplen);
    this.#used = base + RECORD_HEADER_LEN + caplen;
  }

  /** Writes out what has collected; throws EPIPE when the reader is gone. */
  flush(): void {
    for (let from = 0; from < this.#used; ) from += writeSync(this.#fd, this.#bytes, from, this.#used - from);
    this.#used = 0;
  }
}
