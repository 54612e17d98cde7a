import {
  MAP_ANONYMOUS,
  MAP_FIXED,
  MAP_POPULATE,
  MAP_PRIVATE,
  MAP_SHARED,
  PROT_READ,
  PROT_WRITE,
} from '../host/constants.js';
import { libc } from '../host/libc.js';
import { lastError } from '../host/socket-calls.js';
import type { Region, UserMemory } from '../memory/user-memory.js';

const PROTECTION = PROT_READ | PROT_WRITE;

/**
 * Maps a socket's ring over a stretch of the memory, where our kernels in wasm reach it.
 * @throws UfoError what mmap(2) said
 */
export function mapOver(memory: UserMemory, { offset, len }: Region, fd: number, pageOffset: number): void {
  const where = memory.address + offset;
  const flags = MAP_SHARED | MAP_POPULATE | MAP_FIXED;
  if (libc().mmap(where, len, PROTECTION, flags, fd, pageOffset) !== where) throw lastError('mmap');
}

/** Puts ordinary memory in a ring's place: a hole in a WebAssembly.Memory would be somebody else's next mapping. */
export function unmapFrom(memory: UserMemory, { offset, len }: Region): void {
  const flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;
  libc().mmap(memory.address + offset, len, PROTECTION, flags, -1, 0);
}
