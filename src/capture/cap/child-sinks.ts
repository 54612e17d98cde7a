import { pcapFormat } from '../../wire/pcap-format.js';
import { FrameBatch } from '../frame-batch.js';
import { SNAPLEN } from '../wire-length.js';
import type { CapLoopStats, FrameSink } from './loop.js';

/** A sink with an end. */
export interface ChildSink extends FrameSink {
  finish(stats: CapLoopStats): void;
}

/** Writes every frame as a pcap stream to a descriptor, in batches: to the parent, or to a file. */
export class PcapSink implements ChildSink {
  readonly #fd: number;
  #batch: FrameBatch | null = null;

  constructor(fd: number) {
    this.#fd = fd;
  }

  start(linktype: number): void {
    this.#batch = new FrameBatch(this.#fd, pcapFormat(linktype, { snaplen: SNAPLEN }));
  }

  frame(bytes: Buffer, caplen: number, len: number, seconds: number, nanoseconds: number): boolean {
    this.#batch?.push(bytes, caplen, len, seconds, nanoseconds);
    return true;
  }

  tick(): boolean {
    this.#batch?.flush();
    return true;
  }

  finish(): void {
    this.#batch?.flush();
  }
}
