import { ftruncateSync } from 'node:fs';
import { captureFormat } from '../../wire/capture-format.js';
import type { LoopStats, RecordSink } from '../record-sink.js';
import { type Commenter, PcapngSink } from './pcapng-sink.js';
import { FILE_FD, type FileWish, FRAMES_FD } from './protocol.js';
import { writeFully } from './write-fully.js';

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

/** The sink behind descriptor 3, from which the parent reads. */
export function parentSink(): RecordSink {
  return new StreamSink(FRAMES_FD, 'the frames');
}

/** The sink for the file at descriptor 4. */
export function fileSink(
  { path, format, inPlace = false }: FileWish,
  interfaceName: string,
  comment?: Commenter,
): RecordSink {
  const sink =
    format === 'pcap' ? new StreamSink(FILE_FD, path) : new PcapngSink(FILE_FD, path, interfaceName, comment);
  return inPlace ? new OverwritingSink(FILE_FD, sink) : sink;
}

/** Leaves what stands in a file until the first frames come; where none do its parent says what becomes of it. */
class OverwritingSink implements RecordSink {
  readonly #fd: number;
  readonly #sink: RecordSink;
  #linktype = 0;
  #begun = false;

  constructor(fd: number, sink: RecordSink) {
    this.#fd = fd;
    this.#sink = sink;
  }

  start(linktype: number): void {
    this.#linktype = linktype;
  }

  records(octets: Buffer, frames: number): boolean {
    if (!this.#begun) this.#begin();
    return this.#sink.records(octets, frames);
  }

  tick(nowMs: number): boolean {
    return this.#sink.tick(nowMs);
  }

  finish(stats: LoopStats): void {
    if (this.#begun) this.#sink.finish(stats);
  }

  #begin(): void {
    ftruncateSync(this.#fd, 0);
    this.#sink.start(this.#linktype);
    this.#begun = true;
  }
}
