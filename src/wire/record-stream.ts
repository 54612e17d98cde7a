import type { Frame } from './frame.js';
import { DEFAULT_SNAPLEN } from './pcap-format.js';
import { framesOf, type RecordRun, RecordRuns } from './record-run.js';

/** A snaplen above this is "no limit" and no reason to believe a record of gigabytes. */
const MAX_SNAPLEN = 0x100_0000;

/** How a capture file ended. */
export interface CaptureEnd {
  /** `truncated`: the file stops within a record. `corrupt`: a record cannot be; what follows it was not read. */
  readonly status: 'ok' | 'truncated' | 'corrupt';
  /** What is missing or wrong and where, for a person to read; empty for `ok`. */
  readonly detail: string;
  /** Frames delivered. */
  readonly frames: number;
  /** Octets read as whole records, headers included. */
  readonly octets: number;
}

/** Octets captured of a frame at most, where the file's header says `snaplen`. */
export function caplenLimit(snaplen: number): number {
  return snaplen <= MAX_SNAPLEN ? Math.max(DEFAULT_SNAPLEN, snaplen) : DEFAULT_SNAPLEN;
}

/**
 * A file of records that tell their own length, coming in chunks of any size. Frames point into the chunks, which from then
 * on belong to the frames: a chunk must not be written again while its frames are in use. Only a record that lies across
 * chunks is copied.
 */
export abstract class RecordStream {
  /** The beginning of a record that the last chunk did not finish, in a buffer of just its length. */
  #carry: Uint8Array = new Uint8Array(0);
  #carried = 0;
  /** Octets of the last record that nobody needs and that are still to come. */
  #skip = 0;
  #octets = 0;
  #fault = '';
  #refusal: unknown;
  protected frames = 0;

  /** Octets before the record that `want` or `scan` look at. */
  protected get octets(): number {
    return this.#octets;
  }

  /** The frames that this chunk completes, in order. After a corrupt record there are none, and `end` tells why. */
  push(chunk: Uint8Array): Frame[] {
    return framesOf(this.runs(chunk));
  }

  /** The same as runs of records: no object a frame. */
  runs(chunk: Uint8Array): readonly RecordRun[] {
    if (this.#refusal !== undefined) throw this.#refusal;
    const runs = new RecordRuns();
    if (this.#fault !== '') return runs.list;
    try {
      this.#push(chunk, runs);
    } catch (error) {
      this.#refusal = error;
      throw error;
    }
    this.frames += runs.frames;
    return runs.list;
  }

  /** Tells how the file ended; to be called once, after the last chunk. */
  end(): CaptureEnd {
    if (this.#refusal !== undefined) throw this.#refusal;
    const { frames } = this;
    if (this.#fault !== '') return { status: 'corrupt', detail: this.#fault, frames, octets: this.#octets };
    const cut = this.#skip > 0 || this.#carried > 0 ? this.cutWithin(this.#carry, this.#carried, this.#skip) : '';
    return { status: cut === '' ? 'ok' : 'truncated', detail: cut, frames, octets: this.#octets - this.#skip };
  }

  /**
   * Octets that the record at the start of `head` must have before `scan` can take it, as far as the first `known` octets
   * tell; −1 for one that cannot be, after `corrupt`.
   */
  protected abstract want(head: Uint8Array, known: number): number;

  /** Takes the whole records from `start` on; returns where it stopped: beyond the chunk for a record of no interest. */
  protected abstract scan(chunk: Uint8Array, start: number, runs: RecordRuns): number;

  /** What is missing of the record of which the first `known` octets are in `head`, or of which `skip` are to come. */
  protected abstract cutWithin(head: Uint8Array, known: number, skip: number): string;

  protected corrupt(fault: string): -1 {
    this.#fault = fault;
    return -1;
  }

  #push(chunk: Uint8Array, runs: RecordRuns): void {
    let at = Math.min(this.#skip, chunk.length);
    this.#skip -= at;
    while (this.#carried > 0) {
      const want = this.want(this.#carry, this.#carried);
      if (want < 0) return;
      if (this.#carried >= want) {
        at = Math.max(at, this.#takeCarried(chunk, at, runs));
        break;
      }
      if (at === chunk.length) return;
      at = this.#fill(chunk, at, want);
    }
    if (this.#fault === '' && at < chunk.length) this.#scanChunk(chunk, at, runs);
  }

  /** Returns where the chunk goes on behind what is left of a record of no interest. */
  #takeCarried(chunk: Uint8Array, at: number, runs: RecordRuns): number {
    const record = this.#carry.subarray(0, this.#carried);
    this.#carry = new Uint8Array(0); // the old one is the frame's from now on
    this.#carried = 0;
    const end = this.scan(record, 0, runs);
    this.#octets += end;
    if (this.#fault !== '') return at;
    const skipped = Math.min(end - record.length, chunk.length - at);
    this.#skip = end - record.length - skipped;
    return at + skipped;
  }

  #scanChunk(chunk: Uint8Array, start: number, runs: RecordRuns): void {
    const end = this.scan(chunk, start, runs);
    this.#octets += end - start;
    if (this.#fault !== '') return;
    if (end >= chunk.length) this.#skip = end - chunk.length;
    else this.#fill(chunk, end, chunk.length - end);
  }

  /** Moves octets of the chunk to the carry until it holds `want`; returns where the chunk goes on. */
  #fill(chunk: Uint8Array, at: number, want: number): number {
    const take = Math.min(want - this.#carried, chunk.length - at);
    if (this.#carry.length < want) {
      const grown = new Uint8Array(want);
      grown.set(this.#carry.subarray(0, this.#carried));
      this.#carry = grown;
    }
    this.#carry.set(chunk.subarray(at, at + take), this.#carried);
    this.#carried += take;
    return at + take;
  }
}
