import { type CaptureFormat, captureFormat, type RecordFields } from '../../wire/capture-format.js';
import {
  RECORD_CAPLEN,
  RECORD_FRACTION,
  RECORD_HEADER_LEN,
  RECORD_LEN,
  RECORD_SECONDS,
} from '../../wire/pcap-format.js';
import type { LoopStats, RecordSink } from '../record-sink.js';
import { FILE_FD, type FileWish, FRAMES_FD } from './protocol.js';
import { writeFully } from './write-fully.js';

/** Octets of a file collected for one write. */
const CHUNK_LEN = 1 << 20;
/** An octet of padding, a comment and lengths around a frame, at most. */
const AROUND = 1024;

/** Writes every frame as a pcap stream to a descriptor, batch by batch, as the engines give them. */
export class StreamSink implements RecordSink {
  readonly #fd: number;
  readonly #path: string;

  constructor(fd: number, path: string) {
    this.#fd = fd;
    this.#path = path;
  }

  start(linktype: number): void {
    writeFully(this.#fd, captureFormat('pcap', { linktype }).header(), this.#path);
  }

  records(octets: Buffer): boolean {
    writeFully(this.#fd, octets, this.#path);
    return true;
  }

  tick(): boolean {
    return true;
  }

  finish(): void {}
}

/** What a frame is to be commented with; undefined for nothing. */
export type Commenter = (view: DataView, offset: number, caplen: number, linktype: number) => string | undefined;

/** Writes every frame to a pcapng file, with interface, losses and comments. */
export class PcapngSink implements RecordSink {
  readonly #fd: number;
  readonly #path: string;
  readonly #interface: string;
  readonly #comment: Commenter | undefined;
  readonly #chunk = Buffer.allocUnsafeSlow(CHUNK_LEN);
  readonly #view = new DataView(this.#chunk.buffer);
  /** One object for every frame. */
  readonly #record: { -readonly [K in keyof RecordFields]: RecordFields[K] } = {
    ...{ seconds: 0, nanoseconds: 0, caplen: 0, len: 0, comment: undefined },
  };
  #format: CaptureFormat | undefined;
  #used = 0;

  constructor(fd: number, path: string, interfaceName: string, comment?: Commenter) {
    this.#fd = fd;
    this.#path = path;
    this.#interface = interfaceName;
    this.#comment = comment;
  }

  start(linktype: number): void {
    this.#format = captureFormat('pcapng', { linktype, interface: this.#interface });
    writeFully(this.#fd, this.#format.header(), this.#path);
  }

  records(octets: Buffer): boolean {
    const view = new DataView(octets.buffer, octets.byteOffset, octets.length);
    for (let at = 0; at < octets.length; ) {
      const caplen = view.getUint32(at + RECORD_CAPLEN, true);
      this.#put(octets, view, at, caplen);
      at += RECORD_HEADER_LEN + caplen;
    }
    return true;
  }

  tick(): boolean {
    this.#flush();
    return true;
  }

  finish(stats: LoopStats): void {
    this.#flush();
    writeFully(this.#fd, this.#format!.trailer(stats), this.#path);
  }

  #put(octets: Buffer, view: DataView, at: number, caplen: number): void {
    const format = this.#format!;
    if (this.#used + caplen + AROUND > CHUNK_LEN) this.#flush();
    const record = this.#record;
    record.seconds = view.getUint32(at + RECORD_SECONDS, true);
    record.nanoseconds = view.getUint32(at + RECORD_FRACTION, true);
    record.caplen = caplen;
    record.len = view.getUint32(at + RECORD_LEN, true);
    const data = at + RECORD_HEADER_LEN;
    const comment = this.#comment?.(view, data, caplen, format.linktype);
    record.comment = comment === undefined ? undefined : Buffer.from(comment.slice(0, AROUND / 4));
    octets.copy(this.#chunk, this.#used + format.headLen, data, data + caplen);
    this.#used = format.put(this.#view, this.#used, record);
  }

  #flush(): void {
    if (this.#used === 0) return;
    writeFully(this.#fd, this.#chunk.subarray(0, this.#used), this.#path);
    this.#used = 0;
  }
}

/** The sink behind descriptor 3, from which the parent reads. */
export function parentSink(): RecordSink {
  return new StreamSink(FRAMES_FD, 'the frames');
}

/** The sink for the file at descriptor 4. */
export function fileSink({ path, format }: FileWish, interfaceName: string, comment?: Commenter): RecordSink {
  return format === 'pcap' ? new StreamSink(FILE_FD, path) : new PcapngSink(FILE_FD, path, interfaceName, comment);
}
