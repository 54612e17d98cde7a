import type { Tenancy } from '../../memory/summary-kernel.js';
import type { RecordRun } from '../../wire/record-run.js';

/**
 * Where records lie while the kernel looks at them: those read into the kernel's memory where they are, others copied there.
 * What is left of a datagram that was not finished goes in front of what comes next.
 */
export class Stage {
  /** Octets that may be left over at most. */
  readonly most: number;
  /** The records to be judged, in the kernel's memory. */
  at: number;
  end: number;
  /** Whether it is worth while to judge them now: what is left over is looked at again. */
  isDue = false;
  readonly #memory: Uint8Array;
  readonly #base: number;
  readonly #len: number;
  readonly #chunks: readonly number[];
  /** Octets that were left over last. */
  #kept = 0;

  constructor({ stage, roomLen, chunks }: Tenancy) {
    this.most = roomLen;
    this.#memory = new Uint8Array(stage.buffer);
    this.#base = stage.byteOffset;
    this.#len = stage.length;
    this.#chunks = chunks.map(({ byteOffset }) => byteOffset);
    this.at = this.end = this.#base;
  }

  /** Takes records of `run` from `from` on, behind what is left over; returns how many octets, 0 where not even one fits. */
  offer(run: RecordRun, from: number): number {
    const { bytes, end } = run;
    if (bytes.buffer === this.#memory.buffer && this.#chunks.includes(bytes.byteOffset)) {
      this.#behind(bytes.byteOffset + from, bytes.byteOffset + end);
      return end - from;
    }
    const taken = fitting(run, from, this.#base + this.#len - this.end);
    this.#memory.set(bytes.subarray(from, from + taken), this.end);
    this.end += taken;
    const len = this.end - this.at;
    this.isDue = taken > 0 && (len >= 2 * this.#kept || len > this.most || from + taken < end);
    return taken;
  }

  /** Everything from `at` on is left over, at most `most` octets. */
  keep(at: number): void {
    this.#kept = this.end - at;
    if (this.#kept > 0) this.#memory.copyWithin(this.#base, at, this.end);
    this.at = this.#base;
    this.end = this.#base + this.#kept;
    this.isDue = false;
  }

  /** The records in `[start, end)`, a chunk's, with what is left over put in front of them. */
  #behind(start: number, end: number): void {
    const left = this.end - this.at;
    if (left > 0) this.#memory.copyWithin(start - left, this.at, this.end);
    this.at = start - left;
    this.end = end;
    this.isDue = true;
  }
}

/** Octets of whole records from `from` on that have room. */
function fitting({ bytes, end, format }: RecordRun, from: number, room: number): number {
  if (end - from <= room) return end - from;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = from;
  for (let next = at + format.recordLen(view, at); next - from <= room; next = at + format.recordLen(view, at))
    at = next;
  return at - from;
}
