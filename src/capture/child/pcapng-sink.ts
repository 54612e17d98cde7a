import { ERRNO } from '../../errors.js';
import { addressOf, lastErrno, libc } from '../../host/libc.js';
import { writeError } from '../../host/write-error.js';
import {
  DEFAULT_SNAPLEN,
  RECORD_CAPLEN,
  RECORD_FRACTION,
  RECORD_HEADER_LEN,
  RECORD_LEN,
  RECORD_SECONDS,
} from '../../wire/pcap-format.js';
import { optionText } from '../../wire/pcapng-format.js';
import { PcapngFormat } from '../../wire/pcapng-writer.js';
import type { LoopStats, RecordSink } from '../record-sink.js';
import { writeFully } from './write-fully.js';

/** Frames of one writev(2), which takes 1,024 pieces (UIO_MAXIOV) and here has two for each. */
const MAX_FRAMES = 128;
/** Octets around a frame at most: its head, then padding, a comment and the end of its block. */
const AROUND = 1024;
/** Octets of a comment, which is cut there. */
const MAX_COMMENT = AROUND / 4;
/** `struct iovec` in 32-bit words: base (2), len (2). */
const IOVEC_WORDS = 4;
const TWO_32 = 0x1_0000_0000;

/** What a frame is to be commented with; undefined for nothing. */
export type Commenter = (view: DataView, offset: number, caplen: number, linktype: number) => string | undefined;

/**
 * Writes every frame to a pcapng file, with interface, losses and comments. The frames go out from where the engine has them:
 * copying each into a buffer of ours cost more than everything else. What stands between two of them is one piece.
 *
 *     around   | head | tail, head | tail, head | … | tail |
 *     iovecs   | head | frame | tail, head | frame | … | tail |
 */
export class PcapngSink implements RecordSink {
  readonly #fd: number;
  readonly #path: string;
  readonly #interface: string;
  readonly #comment: Commenter | undefined;
  readonly #around = Buffer.allocUnsafeSlow(MAX_FRAMES * AROUND);
  readonly #view = new DataView(this.#around.buffer);
  readonly #aroundAddress = addressOf(this.#around);
  readonly #iovecs = new Uint32Array((2 * MAX_FRAMES + 1) * IOVEC_WORDS);
  readonly #iovecsAddress = addressOf(this.#iovecs);
  /** One object for every frame. */
  readonly #record: {
    seconds: number;
    nanoseconds: number;
    caplen: number;
    len: number;
    comment: Uint8Array | undefined;
  } = {
    ...{ seconds: 0, nanoseconds: 0, caplen: 0, len: 0, comment: undefined },
  };
  #format = new PcapngFormat({ linktype: 0, snaplen: 0 });

  constructor(fd: number, path: string, interfaceName: string, comment?: Commenter) {
    this.#fd = fd;
    this.#path = path;
    this.#interface = interfaceName;
    this.#comment = comment;
  }

  start(linktype: number): void {
    this.#format = new PcapngFormat({ linktype, snaplen: DEFAULT_SNAPLEN, interface: this.#interface });
    writeFully(this.#fd, this.#format.header(), this.#path);
  }

  records(octets: Buffer): boolean {
    const view = new DataView(octets.buffer, octets.byteOffset, octets.length);
    for (let at = 0; at < octets.length; ) at = this.#write(octets, view, at);
    return true;
  }

  tick(): boolean {
    return true;
  }

  finish(stats: LoopStats): void {
    writeFully(this.#fd, this.#format.trailer(stats), this.#path);
  }

  /** Writes the frames from `at` on, as many as one call takes; returns where the next one begins. */
  #write(octets: Buffer, view: DataView, at: number): number {
    const format = this.#format;
    const record = this.#record;
    const address = addressOf(octets);
    let next = at;
    let around = 0;
    let begun = 0;
    let frames = 0;
    let total = 0;
    for (; frames < MAX_FRAMES && next < octets.length; frames++) {
      record.seconds = view.getUint32(next + RECORD_SECONDS, true);
      record.nanoseconds = view.getUint32(next + RECORD_FRACTION, true);
      record.caplen = view.getUint32(next + RECORD_CAPLEN, true);
      record.len = view.getUint32(next + RECORD_LEN, true);
      const data = next + RECORD_HEADER_LEN;
      record.comment = this.#commentOf(view, data, record.caplen);
      around = format.putHead(this.#view, around, record);
      this.#piece(2 * frames, this.#aroundAddress + begun, around - begun);
      this.#piece(2 * frames + 1, address + data, record.caplen);
      begun = around;
      around = format.putTail(this.#view, around, record);
      next = data + record.caplen;
      total += record.caplen;
    }
    this.#piece(2 * frames, this.#aroundAddress + begun, around - begun);
    this.#flush(2 * frames + 1, total + around, octets);
    return next;
  }

  #commentOf(view: DataView, data: number, caplen: number): Uint8Array | undefined {
    const comment = this.#comment?.(view, data, caplen, this.#format.linktype);
    return comment === undefined ? undefined : optionText(comment, MAX_COMMENT);
  }

  #piece(index: number, address: number, len: number): void {
    const at = index * IOVEC_WORDS;
    this.#iovecs[at] = address; // ToUint32: the low half
    this.#iovecs[at + 1] = address / TWO_32;
    this.#iovecs[at + 2] = len;
  }

  #flush(pieces: number, total: number, octets: Buffer): void {
    const written = libc().writev(this.#fd, this.#iovecsAddress, pieces);
    if (written === total) return;
    const errno = written < 0 ? lastErrno() : 0;
    if (errno !== 0 && errno !== ERRNO.EAGAIN) throw writeError(errno, this.#path);
    writeFully(this.#fd, this.#joined(pieces, octets).subarray(Math.max(0, written)), this.#path);
  }

  /** A pipe that was full in the middle, or a disk: what is left is written as anything else. */
  #joined(pieces: number, octets: Buffer): Buffer {
    const frames = addressOf(octets);
    const parts = Array.from({ length: pieces }, (_, index) => {
      const [low = 0, high = 0, len = 0] = this.#iovecs.subarray(index * IOVEC_WORDS);
      const from = high * TWO_32 + low - (index % 2 === 0 ? this.#aroundAddress : frames);
      return (index % 2 === 0 ? this.#around : octets).subarray(from, from + len);
    });
    return Buffer.concat(parts);
  }
}
