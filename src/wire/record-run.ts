import type { Frame } from './frame.js';
import type { Time } from './pcapng-time.js';

/** Where the fields of a record stand, for code that reads records without this file's help. Octets from its beginning. */
export interface RecordFields {
  /** The frame's octets. */
  readonly data: number;
  /** Octets captured, 32 bits; behind it stands how many there were. */
  readonly caplen: number;
  /** Two words of 32 bits, the more significant first; the other is at most `timeMost`. Both 0: no time. */
  readonly time: number;
  readonly timeMost: number;
  /** Pcapng: type and total length in front, padding and the length once more behind. */
  readonly block: boolean;
}

/** How the records of a run are written. */
export interface RecordFormat {
  readonly linktype: number;
  /** Null where records are not in little-endian order, or have no fixed shape. */
  readonly fields: RecordFields | null;
  /** Octets of the record at `at`. */
  recordLen(view: DataView, at: number): number;
  /** Its frame; `view` is over `bytes`. */
  frame(bytes: Uint8Array, view: DataView, at: number): Frame;
  /** The time that the two words mean. */
  setTime(high: number, low: number, out: Time): void;
}

/** Whole records of one format that lie one behind the other, known to be sound. */
export interface RecordRun {
  readonly format: RecordFormat;
  readonly bytes: Uint8Array;
  readonly at: number;
  readonly end: number;
  readonly frames: number;
}

/** Runs in the order of the file. */
export class RecordRuns {
  readonly list: { -readonly [K in keyof RecordRun]: RecordRun[K] }[] = [];
  /** Frames in all of them. */
  frames = 0;

  /** Adds records in `[at, end)` of `bytes`, to the last run where they go on with it. */
  add(format: RecordFormat, bytes: Uint8Array, at: number, end: number, frames: number): void {
    if (frames === 0) return;
    this.frames += frames;
    const last = this.list.at(-1);
    if (last?.format === format && last.bytes === bytes && last.end === at) {
      last.end = end;
      last.frames += frames;
    } else this.list.push({ format, bytes, at, end, frames });
  }
}

/** The records as objects, one each. */
export function framesOf(runs: readonly RecordRun[]): Frame[] {
  const frames: Frame[] = [];
  for (const { format, bytes, at: start, end } of runs) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    for (let at = start; at < end; at += format.recordLen(view, at)) frames.push(format.frame(bytes, view, at));
  }
  return frames;
}
