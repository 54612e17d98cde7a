import type { Frame } from './frame.js';
import {
  type PcapFormat,
  RECORD_CAPLEN,
  RECORD_FRACTION,
  RECORD_HEADER_LEN,
  RECORD_LEN,
  RECORD_SECONDS,
} from './pcap-format.js';
import type { Time } from './pcapng-time.js';
import type { RecordFields, RecordFormat } from './record-run.js';

/** Records behind one file header of a pcap file. */
export class PcapRecords implements RecordFormat {
  readonly linktype: number;
  readonly fields: RecordFields | null;
  readonly #format: Pick<PcapFormat, 'littleEndian' | 'lengths'>;
  /** Nanoseconds a unit of the fraction. */
  readonly #scale: number;

  constructor(format: Pick<PcapFormat, 'linktype' | 'littleEndian' | 'nanosecond' | 'lengths'>) {
    const { linktype, littleEndian, nanosecond, lengths } = format;
    this.linktype = linktype;
    this.#format = format;
    this.#scale = nanosecond ? 1 : 1000;
    const plain = littleEndian && lengths === undefined;
    const timeMost = 1e9 / this.#scale - 1;
    this.fields = plain
      ? { data: RECORD_HEADER_LEN, caplen: RECORD_CAPLEN, time: RECORD_SECONDS, timeMost, block: false }
      : null;
  }

  /** Old files have the lengths the other way round, always or where the first is the larger. */
  caplen(view: DataView, at: number): number {
    const { littleEndian, lengths } = this.#format;
    const first = view.getUint32(at + RECORD_CAPLEN, littleEndian);
    if (lengths === undefined) return first;
    const second = view.getUint32(at + RECORD_LEN, littleEndian);
    return lengths === 'swapped' || first > second ? second : first;
  }

  recordLen(view: DataView, at: number): number {
    return RECORD_HEADER_LEN + this.caplen(view, at);
  }

  frame(bytes: Uint8Array, view: DataView, at: number): Frame {
    const { littleEndian } = this.#format;
    const caplen = this.caplen(view, at);
    const first = view.getUint32(at + RECORD_CAPLEN, littleEndian);
    const second = view.getUint32(at + RECORD_LEN, littleEndian);
    return {
      bytes,
      offset: at + RECORD_HEADER_LEN,
      caplen,
      len: first + second - caplen,
      linktype: this.linktype,
      seconds: view.getUint32(at + RECORD_SECONDS, littleEndian),
      nanoseconds: view.getUint32(at + RECORD_FRACTION, littleEndian) * this.#scale,
    };
  }

  setTime(seconds: number, fraction: number, out: Time): void {
    out.seconds = seconds;
    out.nanoseconds = fraction * this.#scale;
  }
}
