import { sumOctets } from '../wire/checksum.js';
import { SUM_KERNEL_BYTES } from './sum-kernel-bytes.generated.js';
import { compileKernel, instantiate, type WasmMemory } from './webassembly.js';

/** Sums over one memory. Offsets are octets from its beginning; results as `sumOctets` of wire/checksum gives them. */
export interface SumKernel {
  /** Whether it runs on vector instructions. */
  readonly simd: boolean;
  /** Folded one's complement sum of `len` octets. */
  sum(offset: number, len: number): number;
  /** Copies `len` octets (the stretches must not overlap) and gives their sum. */
  copyAndSum(target: number, source: number, len: number): number;
}

/** The plain twin of the SIMD kernel: what the tests hold that one against. */
export function createPlainSumKernel(memory: WasmMemory): SumKernel {
  const bytes = new Uint8Array(memory.buffer);
  return {
    simd: false,
    sum: (offset, len) => sumOctets(bytes, offset, len),
    copyAndSum(target, source, len) {
      bytes.copyWithin(target, source, source + len);
      return sumOctets(bytes, source, len);
    },
  };
}

/** Compiled once per thread; null where this processor has no vector instructions that V8 can use. */
let compiled: object | null | undefined;

/** The SIMD kernel of sum-kernel.wat over a memory; where SIMD is not there, its plain twin. */
export function createSumKernel(memory: WasmMemory): SumKernel {
  if (compiled === undefined) compiled = compileKernel(SUM_KERNEL_BYTES);
  if (compiled === null) return createPlainSumKernel(memory);
  const { sum, copyAndSum } = instantiate(compiled, memory) as unknown as Pick<SumKernel, 'sum' | 'copyAndSum'>;
  return { simd: true, sum, copyAndSum };
}
