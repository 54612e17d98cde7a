import { MATCH_KERNEL_BYTES } from './match-kernel-bytes.generated.js';
import { compileKernel, instantiate, type WasmMemory } from './webassembly.js';

/** The first of `len` octets that is not the same from offset `some` on as from `other` on; −1 where all are. */
export type FirstDifference = (some: number, other: number, len: number) => number;

/** The plain twin of the SIMD kernel: what the tests hold that one against. */
export function createPlainMatch(memory: WasmMemory): FirstDifference {
  const bytes = new Uint8Array(memory.buffer);
  return (some, other, len) => {
    for (let at = 0; at < len; at++) if (bytes[some + at] !== bytes[other + at]) return at;
    return -1;
  };
}

/** The SIMD kernel of match-kernel.wat over a memory; where SIMD is not there, its plain twin. */
export function createMatch(memory: WasmMemory): FirstDifference {
  const compiled = compileKernel(MATCH_KERNEL_BYTES);
  if (compiled === null) return createPlainMatch(memory);
  return instantiate(compiled, memory)['firstDifference'] as FirstDifference;
}
