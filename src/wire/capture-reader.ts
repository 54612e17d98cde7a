import type { Frame } from './frame.js';
import { PcapReader } from './pcap-reader.js';
import { BLOCK_SECTION } from './pcapng-format.js';
import { PcapngReader } from './pcapng-reader.js';
import { framesOf, type RecordRun } from './record-run.js';
import type { CaptureEnd } from './record-stream.js';

const MAGIC_LEN = 4;

/**
 * Reads a capture file that comes in chunks, pcap or pcapng as its first octets say. Frames point into the chunks, as those
 * of `PcapReader`. Throws nothing but `ERR_UFO_NOT_A_PCAP`.
 */
export class CaptureReader {
  #head = new Uint8Array(0);
  #reader: PcapReader | PcapngReader | undefined;

  /** Whether the file's header was read. */
  get begun(): boolean {
    return this.#reader?.begun ?? false;
  }

  /** Frames that the capture lost, where the file tells. */
  get lost(): number | null {
    return this.#reader?.lost ?? null;
  }

  /** What a person should know of the file, and is no fault. */
  get remarks(): readonly string[] {
    return this.#reader?.remarks ?? [];
  }

  /** Comments on the file as a whole; those on frames are with the frames. */
  get comments(): readonly string[] {
    return this.#reader instanceof PcapngReader ? this.#reader.comments : [];
  }

  push(chunk: Uint8Array): Frame[] {
    return framesOf(this.runs(chunk));
  }

  /** The same as runs of records: no object a frame. */
  runs(chunk: Uint8Array): readonly RecordRun[] {
    if (this.#reader !== undefined) return this.#reader.runs(chunk);
    const octets = this.#head.length === 0 ? chunk : Buffer.concat([this.#head, chunk]);
    if (octets.length < MAGIC_LEN) {
      this.#head = Uint8Array.from(octets);
      return [];
    }
    const magic = new DataView(octets.buffer, octets.byteOffset).getUint32(0);
    this.#reader = magic === BLOCK_SECTION ? new PcapngReader() : new PcapReader();
    return this.#reader.runs(octets);
  }

  end(): CaptureEnd {
    if (this.#reader !== undefined) return this.#reader.end();
    const tooShort = new PcapReader();
    tooShort.runs(this.#head);
    return tooShort.end(); // throws: it has not begun
  }
}
