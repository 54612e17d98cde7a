import { createRequire } from 'node:module';
import { UfoError } from '../errors.js';
import { CLOCK_MONOTONIC } from './constants.js';
import { bindNativeCalls, type NativeCall } from './native-calls.js';

/**
 * Where a system call finds octets: a typed array, a user address as a double (below 2^47, so exact), or NULL.
 * An array of 64 octets or less may be moved by V8's collector: fine for the length of one call, never for an address
 * that is kept. Only slices of larger ArrayBuffers stay where they are.
 */
export type Pointer = NodeJS.TypedArray | number | null;

/**
 * glibc's (or musl's) functions with their C shapes; all return −1 and set errno on failure (`lastErrno`), but `mmap`,
 * which gives `MAP_FAILED`, and `if_nametoindex`, which gives 0. About 0.15 µs a call more than from C.
 */
export interface Libc {
  socket(domain: number, type: number, protocol: number): number;
  close(fd: number): number;
  open(path: string, flags: number): number;
  bind(fd: number, address: Pointer, addressLen: number): number;
  listen(fd: number, backlog: number): number;
  connect(fd: number, address: Pointer, addressLen: number): number;
  shutdown(fd: number, how: number): number;
  getsockname(fd: number, address: Pointer, addressLen: Uint32Array): number;
  setsockopt(fd: number, level: number, name: number, value: Pointer, valueLen: number): number;
  getsockopt(fd: number, level: number, name: number, value: Pointer, valueLen: Uint32Array): number;
  send(fd: number, buffer: Pointer, len: number, flags: number): number;
  sendto(fd: number, buffer: Pointer, len: number, flags: number, address: Pointer, addressLen: number): number;
  recv(fd: number, buffer: Pointer, len: number, flags: number): number;
  recvmsg(fd: number, msghdr: Pointer, flags: number): number;
  /** Returns how many of the `count` messages at `mmsghdrs` the kernel took; each has its `msg_len` written. */
  sendmmsg(fd: number, mmsghdrs: Pointer, count: number, flags: number): number;
  /** Waiting (a timeout or a blocking socket) is not for the main thread: pass MSG_DONTWAIT. */
  recvmmsg(fd: number, mmsghdrs: Pointer, count: number, flags: number, timeout: Pointer): number;
  /** `offset` < 2^53. */
  preadv2(fd: number, iovecs: Pointer, count: number, offset: number, flags: number): number;
  writev(fd: number, iovecs: Pointer, count: number): number;
  poll(pollfds: Pointer, count: number, timeoutMs: number): number;
  clock_gettime(clock: number, timespec: Pointer): number;
  /** Gives the error number instead of setting errno. */
  clock_nanosleep(clock: number, flags: number, request: Pointer, remain: Pointer): number;
  mmap(address: Pointer, len: number, prot: number, flags: number, fd: number, offset: number): number | bigint;
  munmap(address: Pointer, len: number): number;
  linkat(oldFolder: number, oldPath: string, newFolder: number, newPath: string, flags: number): number;
  faccessat(folder: number, path: string, mode: number, flags: number): number;
  if_nametoindex(name: string): number;
  setns(fd: number, nstype: number): number;
  strerror(errno: number): string;
  /** Of the calling thread alone, as the next two. */
  capset(header: Pointer, data: Pointer): number;
  /** Gives the one that was before, whether it worked or not. */
  setfsuid(uid: number): number;
  setfsgid(gid: number): number;
  /** Unused arguments must be 0: some options look. */
  prctl(option: number, two: number, three: number, four: number, five: number): number;
  getrusage(who: number, rusage: Pointer): number;
  /** Only for requests whose argument is a pointer. */
  ioctl(fd: number, request: number, argument: Pointer): number;
  /** For system calls that have no function of their own. */
  syscall(number: number, command: number, argument: Pointer, argumentLen: number): number;
}

const SIGNATURES: Readonly<Record<keyof Libc, string>> = {
  socket: 'int socket(int, int, int)',
  close: 'int close(int)',
  open: 'int open(const char*, int)',
  bind: 'int bind(int, void*, unsigned int)',
  listen: 'int listen(int, int)',
  connect: 'int connect(int, void*, unsigned int)',
  shutdown: 'int shutdown(int, int)',
  getsockname: 'int getsockname(int, void*, void*)',
  setsockopt: 'int setsockopt(int, int, int, void*, unsigned int)',
  getsockopt: 'int getsockopt(int, int, int, void*, void*)',
  send: 'long send(int, void*, size_t, int)',
  sendto: 'long sendto(int, void*, size_t, int, void*, unsigned int)',
  recv: 'long recv(int, void*, size_t, int)',
  recvmsg: 'long recvmsg(int, void*, int)',
  sendmmsg: 'int sendmmsg(int, void*, unsigned int, int)',
  recvmmsg: 'int recvmmsg(int, void*, unsigned int, int, void*)',
  preadv2: 'long preadv2(int, void*, int, long, int)',
  writev: 'long writev(int, void*, int)',
  poll: 'int poll(void*, unsigned long, int)',
  clock_gettime: 'int clock_gettime(int, void*)',
  clock_nanosleep: 'int clock_nanosleep(int, int, void*, void*)',
  mmap: 'uintptr_t mmap(void*, size_t, int, int, int, int64_t)',
  munmap: 'int munmap(void*, size_t)',
  linkat: 'int linkat(int, const char*, int, const char*, int)',
  faccessat: 'int faccessat(int, const char*, int, int)',
  if_nametoindex: 'unsigned int if_nametoindex(const char*)',
  setns: 'int setns(int, int)',
  strerror: 'const char* strerror(int)',
  capset: 'int capset(void*, void*)',
  setfsuid: 'int setfsuid(unsigned int)',
  setfsgid: 'int setfsgid(unsigned int)',
  prctl: 'int prctl(int, unsigned long, unsigned long, unsigned long, unsigned long)',
  getrusage: 'int getrusage(int, void*)',
  ioctl: 'int ioctl(int, unsigned long, void*)',
  syscall: 'long syscall(long, long, void*, long)',
};

type Koffi = typeof import('koffi');
let loadedKoffi: Koffi | undefined;
let loadedLibc: Libc | undefined;
let pollInPool: NativeCall['async'] | undefined;
let sleepInPool: NativeCall['async'] | undefined;

/** koffi, loaded on first use. Throws `ERR_UFO_UNSUPPORTED` where it is not installed or has no build for this machine. */
export function koffi(): Koffi {
  if (loadedKoffi !== undefined) return loadedKoffi;
  try {
    loadedKoffi = createRequire(import.meta.url)('koffi') as Koffi;
  } catch (cause) {
    const { message } = cause as Error;
    throw new UfoError('ERR_UFO_UNSUPPORTED', `koffi could not be loaded: ${message}`, 'npm install koffi');
  }
  return loadedKoffi;
}

/** The C library, opened on first use. */
export function libc(): Libc {
  if (loadedLibc !== undefined) return loadedLibc;
  const table = bindNativeCalls(openLibrary(koffi()), SIGNATURES);
  pollInPool = table.poll.async;
  sleepInPool = table.clock_nanosleep.async;
  loadedLibc = table as unknown as Libc; // the two tables above have the same keys
  return loadedLibc;
}

/** errno of the calling thread's last system call through koffi; positive. */
export function lastErrno(): number {
  return koffi().errno();
}

/** The address of a buffer's first octet. Keep the buffer alive, and larger than 64 octets (see `Pointer`), while it is in use. */
export function addressOf(buffer: NodeJS.TypedArray): number {
  return Number(koffi().address(buffer));
}

/** Memory that is not ours (a mapped ring) as an ArrayBuffer; it must stay mapped as long as that is used. */
export function viewOf(address: number, len: number): ArrayBuffer {
  return koffi().view(address, len);
}

/** What `mmap` returns on failure: all ones, which koffi gives as a bigint as it fits no double. */
export function mapFailed(address: number | bigint): address is bigint {
  return typeof address === 'bigint';
}

/** poll(2) in libuv's thread pool: calls back with the ready count, −1 on failure (no errno there). */
export function pollAsync(pollfds: NodeJS.TypedArray, timeoutMs: number): Promise<number> {
  libc();
  return new Promise((resolve, reject) => {
    pollInPool?.(pollfds, pollfds.byteLength / 8, timeoutMs, (error: Error | null, ready: number) =>
      error ? reject(error) : resolve(ready),
    );
  });
}

/** Longest sleep in the pool, milliseconds: no native call blocks longer. */
const MAX_SLEEP_MS = 100;

/**
 * Sleeps in libuv's thread pool until so many milliseconds from now, with fractions: Node's own timers know whole ones only,
 * and come up to one late. At most MAX_SLEEP_MS; cannot be ended before.
 */
export function preciseSleep(ms: number): Promise<void> {
  libc();
  const nanoseconds = Math.round(Math.min(ms, MAX_SLEEP_MS) * 1e6);
  const timespec = BigInt64Array.of(0n, BigInt(nanoseconds));
  return new Promise((resolve, reject) => {
    sleepInPool?.(CLOCK_MONOTONIC, 0, timespec, null, (error: Error | null) => (error ? reject(error) : resolve()));
  });
}

function openLibrary(ffi: Koffi): ReturnType<Koffi['load']> {
  try {
    return ffi.load('libc.so.6');
  } catch {
    return ffi.load(process.arch === 'arm64' ? 'libc.musl-aarch64.so.1' : 'libc.musl-x86_64.so.1');
  }
}
