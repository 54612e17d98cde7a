import { createArrayMap } from '../../host/bpf.js';
import { MAP_FIXED, MAP_SHARED, PROT_READ, PROT_WRITE } from '../../host/constants.js';
import { libc } from '../../host/libc.js';
import { lastError } from '../../host/socket-calls.js';
import type { UserMemory } from '../../memory/user-memory.js';

/**
 * A memory whose pages are the value of a BPF array map: programs read what lies there without a copy. The map is laid over
 * the memory where it is, octets and all; it stays there when the last device has gone, as ordinary memory.
 */
export interface LiveMemory {
  readonly fd: number;
  readonly len: number;
  /** Lets go of the map; the last one closes it. */
  release(): void;
}

interface Shared {
  readonly fd: number;
  users: number;
}

/** A memory can be one map only: the devices of a socket share it. */
const maps = new WeakMap<UserMemory, Shared>();

/** @throws UfoError EPERM without CAP_BPF; ENOMEM */
export function liveMemory(memory: UserMemory): LiveMemory {
  const shared = maps.get(memory) ?? layOver(memory);
  shared.users += 1;
  let held = true;
  return {
    fd: shared.fd,
    len: memory.wasm.buffer.byteLength,
    release() {
      if (!held) return;
      held = false;
      shared.users -= 1;
      if (shared.users > 0) return;
      maps.delete(memory);
      libc().close(shared.fd);
    },
  };
}

/** Nothing else runs meanwhile: the octets are taken out, the map laid over them, and put in again. */
function layOver(memory: UserMemory): Shared {
  const len = memory.wasm.buffer.byteLength;
  const fd = createArrayMap(len);
  const octets = memory.bytes.slice();
  const at = libc().mmap(memory.address, len, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0);
  if (at !== memory.address) {
    const failure = lastError('mmap', { reason: 'the BPF map over the user pages' });
    libc().close(fd);
    throw failure;
  }
  memory.bytes.set(octets);
  const shared = { fd, users: 0 };
  maps.set(memory, shared);
  return shared;
}
