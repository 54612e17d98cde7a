import type { Tenancy } from '../../memory/summary-kernel.js';
import { BufferPool } from './buffers.js';
import type { Group } from './group.js';
import { GroupList } from './group-list.js';
import type { ReassemblyLimits } from './limits.js';

/** What a group costs beside its buffer: a pessimistic guess. */
const GROUP_COST = 1_024;
/** What the record of a fragment costs. */
const RECORD_COST = 64;
/** V8 collects its heap late, when as much garbage as there is alive has come together: what lies there takes twice its size. */
const ON_HEAP = 2;
/** Below this many datagrams in progress a new one gets a buffer for the largest at once, and none has to grow. */
const FEW_PENDING = 64;
/** Octets of findings from which on each datagram keeps but a few. */
const MOST_FINDINGS = 8 << 20;
/** Octets of a buffer for the largest datagram. */
const LARGEST = 65_536;

/** The datagrams in progress, and the memory that they take. */
export class InProgress {
  readonly buffers = new BufferPool();
  readonly #limits: ReassemblyLimits;
  readonly #pending: Record<4 | 6, GroupList> = { 4: new GroupList(), 6: new GroupList() };
  /** Octets of their records, and of their findings. */
  #records = 0;
  #findings = 0;

  constructor(limits: ReassemblyLimits) {
    this.#limits = limits;
  }

  /** What they have of the SIMD kernel's memory; undefined where they have nothing. */
  get tenancy(): Tenancy | undefined {
    return this.buffers.tenancy;
  }

  get oldest(): Group | undefined {
    const four = this.oldestOf(4);
    const six = this.oldestOf(6);
    if (four === undefined || six === undefined) return four ?? six;
    return six.time < four.time ? six : four;
  }

  oldestOf(family: 4 | 6): Group | undefined {
    return this.#pending[family].oldest;
  }

  /** Whether they are more than may be, or take more. */
  get isOverfull(): boolean {
    return this.#isTooMuch(this.#count, this.#octets);
  }

  /** Whether one more of that many fragments, whatever its length, could be put together without any being given up. */
  hasRoomFor(fragments: number): boolean {
    return !this.#isTooMuch(this.#count + 1, this.#octets + LARGEST + ON_HEAP * (GROUP_COST + RECORD_COST * fragments));
  }

  /** `large`: whether it may get a buffer for the largest at once. */
  add(group: Group, large: boolean): void {
    if (large && this.#count < FEW_PENDING) group.buffer = this.buffers.take(LARGEST);
    this.#pending[group.family].add(group);
  }

  /** Takes what its records and findings have become into account. */
  charge({ records, findings, charged }: Group): void {
    this.#records += records.octets - charged.records;
    charged.records = records.octets;
    this.#findings += findings.octets - charged.findings;
    charged.findings = findings.octets;
    if (this.#findings > MOST_FINDINGS) findings.keepFew();
  }

  /** Takes it off the list; what it takes stays with it until `release`. */
  remove(group: Group): void {
    this.#pending[group.family].remove(group);
  }

  release(group: Group): void {
    const { charged } = group;
    this.#records -= charged.records;
    this.#findings -= charged.findings;
    charged.records = 0;
    charged.findings = 0;
    if (group.buffer) this.buffers.give(group.buffer);
    group.buffer = undefined;
    group.records.close();
  }

  /** Once all are removed and released. */
  close(): void {
    this.buffers.close();
  }

  get #count(): number {
    return this.#pending[4].size + this.#pending[6].size;
  }

  get #octets(): number {
    return this.buffers.used + ON_HEAP * (this.#count * GROUP_COST + this.#records + this.#findings);
  }

  #isTooMuch(count: number, octets: number): boolean {
    return count > this.#limits.maxPending || octets > this.#limits.maxOctets;
  }
}
