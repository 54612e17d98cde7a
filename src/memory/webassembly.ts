/**
 * Memory of one thread. V8 copies into, out of and within shared memory by atomic words, and by octets where source and
 * target are not equally aligned: 15.5 µs instead of 1.7 µs for 64 KiB.
 */
export interface WasmMemory {
  readonly buffer: ArrayBuffer;
}
interface MemoryConstructor {
  new (descriptor: { initial: number; maximum: number }): WasmMemory;
}
/**
 * The part of the WebAssembly API that udp-ufo uses. TypeScript ships these types only with the DOM library, which a
 * program for Node does not want.
 */
interface WebAssemblyApi {
  readonly Memory: MemoryConstructor;
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: Readonly<Record<string, unknown>> };
}
export const webAssembly: WebAssemblyApi = (globalThis as unknown as { WebAssembly: WebAssemblyApi }).WebAssembly;

/** A kernel of ours as a module; null where this processor has no vector instructions that V8 can use. */
export function compileKernel(bytes: Uint8Array): object | null {
  try {
    return new webAssembly.Module(bytes);
  } catch {
    return null;
  }
}

/** What a kernel exports, over the memory that it works in. */
export function instantiate(module: object, memory: WasmMemory): Readonly<Record<string, unknown>> {
  return new webAssembly.Instance(module, { env: { memory } }).exports;
}

/** Octets of a WebAssembly page, 16 pages of ours. */
export const WASM_PAGE_SIZE = 65_536;
