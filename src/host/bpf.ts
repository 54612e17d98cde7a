import { type UfoError, unsupportedError } from '../errors.js';
import { addressOf, type Libc, libc } from './libc.js';
import { lastError } from './socket-calls.js';

// <linux/bpf.h>: commands, map and program types, where programs hang, flags
const BPF_MAP_CREATE = 0;
const BPF_PROG_LOAD = 5;
const BPF_PROG_TEST_RUN = 10;
const BPF_LINK_CREATE = 28;
const BPF_MAP_TYPE_ARRAY = 2;
const BPF_F_MMAPABLE = 1 << 10;
export const BPF_PROG_TYPE_SCHED_CLS = 3;
export const BPF_PROG_TYPE_XDP = 6;
export const BPF_XDP = 37;
export const BPF_TCX_INGRESS = 46;
export const XDP_FLAGS_SKB_MODE = 1 << 1;

/** `union bpf_attr` as far as we fill it. */
const ATTR_LEN = 128;
const LOG_LEN = 1 << 16;
/** The numbers of bpf(2), which C libraries have no function for. */
const SYS_BPF: Readonly<Record<string, number>> = { x64: 321, arm64: 280, riscv64: 280, loong64: 280, ppc64: 361 };

/**
 * An array map of one value of `valueLen` octets that can be mapped into a process.
 * @throws UfoError EPERM without CAP_BPF; ENOMEM.
 */
export function createArrayMap(valueLen: number): number {
  const attr = new DataView(new ArrayBuffer(ATTR_LEN));
  attr.setUint32(0, BPF_MAP_TYPE_ARRAY, true);
  attr.setUint32(4, 4, true); // key_size
  attr.setUint32(8, valueLen, true);
  attr.setUint32(12, 1, true); // max_entries
  attr.setUint32(16, BPF_F_MMAPABLE, true);
  return bpf(BPF_MAP_CREATE, attr, 'BPF_MAP_CREATE');
}

/**
 * Loads a program of instructions of 8 octets each.
 * @throws UfoError with the verifier's last words where it refuses.
 */
export function loadProgram(type: number, instructions: Uint8Array): number {
  const license = Uint8Array.from(Buffer.alloc(128)); // larger than 64 octets, see Pointer
  license.set(Buffer.from('GPL')); // some helpers are for GPL programs only
  const code = new Uint8Array(Math.max(instructions.length, 128));
  code.set(instructions);
  const log = new Uint8Array(LOG_LEN);
  const attr = new DataView(new ArrayBuffer(ATTR_LEN));
  attr.setUint32(0, type, true);
  attr.setUint32(4, instructions.length / 8, true);
  putPointer(attr, 8, code);
  putPointer(attr, 16, license);
  const fd = call(BPF_PROG_LOAD, attr);
  if (fd >= 0) return fd;
  const failure = lastError('bpf', { reason: 'BPF_PROG_LOAD' });
  attr.setUint32(24, 1, true); // log_level: once more, for the reason
  attr.setUint32(28, log.length, true);
  putPointer(attr, 32, log);
  const again = call(BPF_PROG_LOAD, attr);
  if (again >= 0) return again;
  failure.message += lastWords(log);
  throw failure;
}

/** Hangs a program on an interface; it stays there as long as the descriptor returned is open. */
export function linkProgram(program: number, ifindex: number, attachType: number, flags: number): number {
  const attr = new DataView(new ArrayBuffer(ATTR_LEN));
  attr.setUint32(0, program, true);
  attr.setUint32(4, ifindex, true);
  attr.setUint32(8, attachType, true);
  attr.setUint32(12, flags, true);
  return bpf(BPF_LINK_CREATE, attr, 'BPF_LINK_CREATE');
}

/** BPF_PROG_TEST_RUN over an attribute that the caller keeps, larger than 64 octets; 0, or −1 and errno. */
export function testRun(attr: Uint8Array, len: number): number {
  return libc().syscall(bpfNumber(), BPF_PROG_TEST_RUN, attr, len);
}

/** Writes the address of a buffer, which must stay alive and be larger than 64 octets. */
export function putPointer(view: DataView, at: number, buffer: Uint8Array): void {
  view.setBigUint64(at, BigInt(addressOf(buffer)), true);
}

function bpf(command: number, attr: DataView, name: string): number {
  const result = call(command, attr);
  if (result < 0) throw lastError('bpf', { reason: name });
  return result;
}

function call(command: number, attr: DataView): ReturnType<Libc['syscall']> {
  return libc().syscall(bpfNumber(), command, new Uint8Array(attr.buffer), ATTR_LEN);
}

function bpfNumber(): number {
  const number = SYS_BPF[process.arch];
  if (number === undefined) throw noNumber();
  return number;
}

function noNumber(): UfoError {
  return unsupportedError(`the number of bpf(2) on ${process.arch} is not known here`);
}

function lastWords(log: Uint8Array): string {
  const text = Buffer.from(log).toString('latin1').replace(/\0.*/s, '').trim();
  return text === '' ? '' : `: ${text.split('\n').slice(-3).join('; ')}`;
}
