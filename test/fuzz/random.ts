/** Randomness that a seed and an execution's number decide alone: any one execution is repeated without those before it. */
export class Random {
  #state: number;

  constructor(seed: number, execution: number) {
    // splitmix32 of both, so that neighbours have nothing in common; xorshift must not begin with 0.
    let state = (Math.imul(seed, 0x9e37_79b9) + Math.imul(execution, 0x85eb_ca6b)) | 0;
    state = Math.imul(state ^ (state >>> 16), 0x21f0_aaad);
    state = Math.imul(state ^ (state >>> 15), 0x735a_2d97);
    this.#state = (state ^ (state >>> 15)) | 0 || 1;
  }

  /** 0 … bound − 1. */
  below(bound: number): number {
    let state = this.#state;
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    this.#state = state;
    return (state >>> 0) % bound;
  }

  /** True once in `times`. */
  once(times: number): boolean {
    return this.below(times) === 0;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }

  /** Small numbers mostly, and any of 32 bits. */
  number(): number {
    return this.once(3) ? this.pick(NUMBERS) : this.below(2 ** this.below(33) + 1);
  }

  octets(len: number): Uint8Array {
    const octets = new Uint8Array(len);
    for (let i = 0; i < len; i++) octets[i] = this.below(256);
    return octets;
  }
}

/** Where fields end, signs turn and pages begin. */
const NUMBERS: readonly number[] = [
  ...[0, 1, 2, 7, 8, 9, 15, 16, 17, 20, 40, 63, 64, 127, 128, 255, 256, 1279, 1280, 1480, 1500, 4095, 4096],
  ...[8191, 8192, 32_767, 32_768, 65_507, 65_515, 65_527, 65_528, 65_535, 65_536, 262_144, 262_145],
  ...[0x7fff_ffff, 0x8000_0000, 0xffff_fffe, 0xffff_ffff],
];
