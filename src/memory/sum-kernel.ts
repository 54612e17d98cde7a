import { sumOctets } from '../wire/checksum.js';
import type { WasmMemory } from './webassembly.js';

/** Sums over one memory. Offsets are octets from its beginning; results as `sumOctets` of wire/checksum gives them. */
export interface SumKernel {
  /** Folded one's complement sum of `len` octets. */
  sum(offset: number, len: number): number;
  /** Copies `len` octets (the stretches must not overlap) and gives their sum. */
  copyAndSum(target: number, source: number, len: number): number;
}

/** The plain twin of the SIMD kernel: what the tests hold that one against. */
export function createPlainSumKernel(memory: WasmMemory): SumKernel {
  const bytes = new Uint8Array(memory.buffer);
  return {
    sum: (offset, len) => sumOctets(bytes, offset, len),
    copyAndSum(target, source, len) {
      bytes.copyWithin(target, source, source + len);
      return sumOctets(bytes, source, len);
    },
  };
}

export const createSumKernel: (memory: WasmMemory) => SumKernel = createPlainSumKernel;
