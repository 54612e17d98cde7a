import { createMatch, type FirstDifference } from '../memory/match-kernel.js';
import type { WasmMemory } from '../memory/webassembly.js';
import { type CompareBody, type GeneratedPayload, judgePayload, payloadTable, TABLE_LEN } from './generated.js';

/** Tables of so many seeds are kept: senders that take turns would have one made for each datagram. */
const TABLES = 4;

/** Octets of WebAssembly memory that a judge needs for himself. */
export const JUDGE_LEN: number = TABLES * TABLE_LEN;

/** Judges generated payloads where they lie in WebAssembly memory, against the tables of their seeds, which lie there too. */
export class PayloadJudge {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #at: number;
  readonly #firstDifference: FirstDifference;
  /** Whose table lies where; the one used longest ago is overwritten. */
  readonly #seeds = new Float64Array(TABLES).fill(-1);
  readonly #used = new Float64Array(TABLES);
  #uses = 0;

  /** @param at where its JUDGE_LEN octets begin */
  constructor(memory: WasmMemory, at: number) {
    this.#bytes = new Uint8Array(memory.buffer);
    this.#view = new DataView(memory.buffer);
    this.#at = at;
    this.#firstDifference = createMatch(memory);
  }

  /** As `inspectPayload`, of the `len` octets at offset `at` of the memory. */
  inspect(at: number, len: number): GeneratedPayload | null {
    return judgePayload(this.#view, at, len, this.#compare);
  }

  readonly #compare: CompareBody = (bodyAt, seed, start, len) =>
    this.#firstDifference(bodyAt, this.#tableOf(seed) + start, len);

  #tableOf(seed: number): number {
    let slot = this.#seeds.indexOf(seed);
    if (slot < 0) {
      slot = this.#used.indexOf(Math.min(...this.#used));
      this.#bytes.set(payloadTable(seed), this.#at + slot * TABLE_LEN);
      this.#seeds[slot] = seed;
    }
    this.#used[slot] = ++this.#uses;
    return this.#at + slot * TABLE_LEN;
  }
}
