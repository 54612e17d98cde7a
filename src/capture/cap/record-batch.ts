import { putRecordHeader, RECORD_HEADER_LEN } from '../../wire/pcap-format.js';
import { RECORD_FORMAT, type RecordSink } from '../record-sink.js';

const CAPACITY = 512 * 1024;

/** Collects frames as records and hands them to a sink in batches. */
export class RecordBatch {
  readonly #sink: RecordSink;
  readonly #octets = Buffer.allocUnsafeSlow(CAPACITY);
  readonly #view = new DataView(this.#octets.buffer);
  readonly #record = { seconds: 0, nanoseconds: 0, caplen: 0, len: 0 };
  #used = 0;
  #frames = 0;

  constructor(sink: RecordSink) {
    this.#sink = sink;
  }

  /** Appends `bytes[0 … caplen)`, at most 262,144 octets, of a frame that had `len` on the wire. Returns as the sink. */
  push(bytes: Uint8Array, caplen: number, len: number, seconds: number, nanoseconds: number): boolean {
    const more = this.#used + RECORD_HEADER_LEN + caplen <= CAPACITY || this.flush();
    const record = this.#record;
    record.seconds = seconds;
    record.nanoseconds = nanoseconds;
    record.caplen = caplen;
    record.len = len;
    const data = this.#used + putRecordHeader(this.#view, this.#used, RECORD_FORMAT, record);
    this.#octets.set(caplen === bytes.length ? bytes : bytes.subarray(0, caplen), data);
    this.#used = data + caplen;
    this.#frames += 1;
    return more;
  }

  /** Hands over what has collected. Returns false once the sink wants no more. */
  flush(): boolean {
    if (this.#frames === 0) return true;
    const { octets, frames } = { octets: this.#octets.subarray(0, this.#used), frames: this.#frames };
    this.#used = 0;
    this.#frames = 0;
    return this.#sink.records(octets, frames);
  }
}
