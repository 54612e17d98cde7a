import { type SummaryKernel, summaryKernel, type Tenancy } from '../../memory/summary-kernel.js';
import { compileKernel } from '../../memory/webassembly.js';
import { payloadTable, TABLE_LEN } from '../../payload/generated.js';
import * as geneve from '../../wire/geneve.js';
import type { RecordFields } from '../../wire/record-run.js';
import * as vxlan from '../../wire/vxlan.js';
import { JUDGE_KERNEL_BYTES } from './judge-kernel-bytes.generated.js';
import type { Link } from './link.js';

/** Words in front of the rows of a datagram's fragments, and of each: length and M bit, digest 2, time 2. */
export const HEAD_WORDS = 20;
export const ROW_WORDS = 5;
/** Octets into the head: UDP header, payload, octets of IP payload, and bits that tell of it. */
export const HEAD_UDP = 48;
export const HEAD_PAYLOAD = 56;
export const HEAD_TOTAL = 72;
export const HEAD_BITS = 76;
export const WITHOUT_CHECKSUM = 1;
export const IS_IPV6 = 2;
export const AS_TOLD = 4;
/** What `scan` found (0: nothing that it takes): single datagrams, one in fragments, or records that end within one. */
export const SINGLES = 1;
export const FRAGMENTS = 2;
export const UNFINISHED = 3;

/** Bits of a single datagram's row: where its record is, and whether it is IPv6. The highest: its checksum is not used. */
export const PLACE = 0x3fff_ffff;
export const IPV6 = 0x4000_0000;

/** Offsets in the desk; judge-kernel.wat tells what stands there. */
const PORTS = 20;
const LARGEST = 28;
const LINKS: Readonly<Record<4 | 6, number>> = { 4: 32, 6: 80 };
const TABLE = 128;
const SEED = 132;
const FOUND = 160;
const TABLE_AT = 4096;
const ROWS_AT = TABLE_AT + TABLE_LEN;
const ROWS_LEN = 512 * 1024;
/** Octets of the rows of the datagram with the most fragments. */
const MOST_ROWS_LEN = 4 * (HEAD_WORDS + 8192 * ROW_WORDS);
const MOST_SINGLES = 4096;
/** Longer than any frame: no link of that family is known. */
const NO_LINK = 0x7fff_ffff;

type Scan = (at: number, end: number, rows: number, most: number) => number;

/** The SIMD kernel that judges whole datagrams in order where their records lie (judge-kernel.wat). */
export class JudgeKernel {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly words: Int32Array;
  readonly #scan: Scan;
  /** Offset of the desk, and the index of its first word. */
  readonly #desk: number;
  readonly #found: number;
  readonly #rows: number;
  /** Octets of rows that are in use. */
  #used = 0;
  #seed = -1;

  private constructor({ bytes }: SummaryKernel, { desk }: Tenancy, exports: Readonly<Record<string, unknown>>) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer);
    this.words = new Int32Array(bytes.buffer);
    this.#scan = exports['scan'] as Scan;
    this.#desk = desk;
    this.#found = (desk + FOUND) / 4;
    this.#rows = desk + ROWS_AT;
    (exports['begin'] as (desk: number) => void)(desk);
    const ports = [...vxlan.PORTS, geneve.PORT, 0]; // what is inside is judged too; 0 is no socket's
    for (const [i, port] of ports.entries()) this.view.setUint16(desk + PORTS + 2 * i, port);
    this.view.setInt32(desk + TABLE, 0, true);
    this.forgetLinks();
  }

  /** Null without vector instructions. */
  static create(tenancy: Tenancy): JudgeKernel | null {
    const memory = summaryKernel();
    if (linked === undefined) linked = memory && linkTo(memory);
    return linked && memory ? new JudgeKernel(memory, tenancy, linked) : null;
  }

  /** How the records to come look. */
  setFields({ data, caplen, time, timeMost, block }: RecordFields): void {
    for (const [i, word] of [data, caplen, time, timeMost, block ? 1 : 0].entries())
      this.view.setUint32(this.#desk + 4 * i, word, true);
  }

  /** What stands in front of the IP header of frames that are to be judged. */
  setLink({ family, len, from, octets, hasMac }: Link): void {
    const at = this.#desk + LINKS[family];
    this.view.setInt32(at, len, true);
    this.view.setInt32(at + 4, from, true);
    this.view.setBigUint64(at + 8, hasMac ? 0xffff_ffff_ffffn : 0n, true);
    this.bytes.fill(0, at + 16, at + 48);
    this.bytes.set(octets, at + 16);
    this.bytes.fill(0xff, at + 32, at + 32 + octets.length);
  }

  forgetLinks(): void {
    for (const family of [4, 6] as const) this.view.setInt32(this.#desk + LINKS[family], NO_LINK, true);
  }

  /** Larger single packets are not taken: a device may cut them yet, or have joined them. */
  setLargest(octets: number): void {
    this.view.setUint32(this.#desk + LARGEST, octets, true);
  }

  /** From now on payloads that say to be of `seed` are held against it; false where they already are. */
  setSeed(seed: number): boolean {
    if (seed === this.#seed) return false;
    this.#seed = seed;
    this.bytes.set(payloadTable(seed), this.#desk + TABLE_AT);
    this.view.setInt32(this.#desk + TABLE, this.#desk + TABLE_AT, true);
    this.view.setUint32(this.#desk + SEED, seed);
    return true;
  }

  /** Looks at the records in `[at, end)`: what is found stands in the properties below until the next call. */
  scan(at: number, end: number): number {
    return this.#scan(at, end, this.#rows + this.#used, MOST_SINGLES);
  }

  /** Where the first record is that was not taken. */
  get next(): number {
    return this.words[this.#found]!;
  }
  /** Records that were taken: single datagrams, or fragments of one. */
  get count(): number {
    return this.words[this.#found + 1]!;
  }
  /** The last single datagram's record that has a time, 0 for none. */
  get timed(): number {
    return this.words[this.#found + 2]!;
  }
  /** Index among `words` of the latest rows: of places, or of a head and the rows behind it. */
  get rowsAt(): number {
    return (this.#rows + this.#used) / 4;
  }

  /** The latest rows are to stay. */
  keepRows(): void {
    this.#used += 4 * (HEAD_WORDS + this.count * ROW_WORDS);
  }

  /** Whether there is no room for those of another datagram. */
  get full(): boolean {
    return this.#used + MOST_ROWS_LEN > ROWS_LEN;
  }

  /** Index among `words` of the first row that was to stay. */
  get rowsFirst(): number {
    return this.#rows / 4;
  }

  /** A copy of all rows that were to stay; their place is free then. */
  takeRows(): Int32Array {
    const rows = this.words.slice(this.rowsFirst, this.rowsAt);
    this.#used = 0;
    return rows;
  }
}

/** In the memory of this thread's summary kernel, which has one tenant at a time; null without vector instructions. */
let linked: Readonly<Record<string, unknown>> | null | undefined;

function linkTo(memory: SummaryKernel): Readonly<Record<string, unknown>> | null {
  const module = compileKernel(JUDGE_KERNEL_BYTES);
  return module && memory.link(module);
}
