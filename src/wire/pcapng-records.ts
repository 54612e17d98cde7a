import type { Frame } from './frame.js';
import {
  BLOCK_ENHANCED_PACKET,
  BLOCK_HEAD_LEN,
  BLOCK_SIMPLE_PACKET,
  PACKET_BODY_LEN,
  padded,
  SIMPLE_BODY_LEN,
} from './pcapng-format.js';
import { type CaptureInterface, effectiveSnaplen, parseComment } from './pcapng-interface.js';
import { setTime, type Time } from './pcapng-time.js';
import type { RecordFields, RecordFormat } from './record-run.js';

const HEAD_LEN = BLOCK_HEAD_LEN + PACKET_BODY_LEN;
const TIME = BLOCK_HEAD_LEN + 4;
const CAPLEN = BLOCK_HEAD_LEN + 12;
const LEN = BLOCK_HEAD_LEN + 16;

/** Packet blocks of one kind, of one interface. */
export class PacketBlocks implements RecordFormat {
  readonly linktype: number;
  readonly fields: RecordFields | null;
  readonly #from: CaptureInterface;
  readonly #type: number;
  readonly #littleEndian: boolean;
  /** What frames say of where they are from. */
  readonly #named: { readonly interface?: string };
  readonly #time: Time = { seconds: 0, nanoseconds: 0 };

  constructor(from: CaptureInterface, type: number, littleEndian: boolean) {
    this.linktype = from.linktype;
    this.#from = from;
    this.#type = type;
    this.#littleEndian = littleEndian;
    this.#named = from.name === '' ? {} : { interface: from.name };
    this.fields =
      littleEndian && type === BLOCK_ENHANCED_PACKET
        ? { data: HEAD_LEN, caplen: CAPLEN, time: TIME, timeMost: 0xffff_ffff, block: true }
        : null;
  }

  recordLen(view: DataView, at: number): number {
    return view.getUint32(at + 4, this.#littleEndian);
  }

  frame(bytes: Uint8Array, view: DataView, at: number): Frame {
    const end = at + this.recordLen(view, at) - 4;
    return this.#type === BLOCK_SIMPLE_PACKET ? this.#simple(bytes, view, at, end) : this.#packet(bytes, view, at, end);
  }

  setTime(high: number, low: number, out: Time): void {
    setTime(high, low, this.#from.resolution, out);
  }

  /** An enhanced packet, or an obsolete one, which has two fields of 16 bits where that has one of 32. */
  #packet(bytes: Uint8Array, view: DataView, at: number, end: number): Frame {
    const little = this.#littleEndian;
    const caplen = view.getUint32(at + CAPLEN, little);
    const offset = at + HEAD_LEN;
    this.setTime(view.getUint32(at + TIME, little), view.getUint32(at + TIME + 4, little), this.#time);
    const options = offset + padded(caplen);
    const comment = options + 4 <= end ? parseComment(bytes, options, end, little) : undefined;
    return {
      bytes,
      offset,
      caplen,
      len: view.getUint32(at + LEN, little),
      linktype: this.linktype,
      seconds: this.#time.seconds,
      nanoseconds: this.#time.nanoseconds,
      ...(comment !== undefined && { comment }),
      ...this.#named,
    };
  }

  #simple(bytes: Uint8Array, view: DataView, at: number, end: number): Frame {
    const len = view.getUint32(at + BLOCK_HEAD_LEN, this.#littleEndian);
    const offset = at + BLOCK_HEAD_LEN + SIMPLE_BODY_LEN;
    const caplen = Math.min(len, effectiveSnaplen(this.#from), end - offset);
    return { bytes, offset, caplen, len, linktype: this.linktype, seconds: 0, nanoseconds: 0, ...this.#named };
  }
}
