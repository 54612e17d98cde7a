import type { Frame } from '../../wire/frame.js';
import {
  RECORD_CAPLEN,
  RECORD_FRACTION,
  RECORD_HEADER_LEN,
  RECORD_LEN,
  RECORD_SECONDS,
} from '../../wire/pcap-format.js';

const NOTHING = new Uint8Array(0);

/** The records of a capture batch as frames: the same objects again and again, valid until the next batch. */
export class RecordFrames {
  readonly #pool: { -readonly [K in keyof Frame]: Frame[K] }[] = [];
  readonly #frames: Frame[] = [];
  /** Of all frames from now on. */
  linktype = 0;

  of(octets: Buffer): readonly Frame[] {
    const view = new DataView(octets.buffer, octets.byteOffset, octets.length);
    const frames = this.#frames;
    frames.length = 0;
    for (let at = 0; at < octets.length; ) {
      const frame = this.#frame(frames.length);
      frame.bytes = octets;
      frame.offset = at + RECORD_HEADER_LEN;
      frame.caplen = view.getUint32(at + RECORD_CAPLEN, true);
      frame.len = view.getUint32(at + RECORD_LEN, true);
      frame.linktype = this.linktype;
      frame.seconds = view.getUint32(at + RECORD_SECONDS, true);
      frame.nanoseconds = view.getUint32(at + RECORD_FRACTION, true);
      frames.push(frame);
      at = frame.offset + frame.caplen;
    }
    return frames;
  }

  #frame(index: number): { -readonly [K in keyof Frame]: Frame[K] } {
    this.#pool[index] ??= { bytes: NOTHING, offset: 0, caplen: 0, len: 0, linktype: 0, seconds: 0, nanoseconds: 0 };
    return this.#pool[index];
  }
}
