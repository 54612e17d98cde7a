import { setTimeout as sleep } from 'node:timers/promises';
import { ERRNO, type SystemErrorDetails, systemError, type UfoError } from '../errors.js';
import {
  POLLNVAL,
  POLLOUT,
  SO_BINDTODEVICE,
  SO_RCVBUF,
  SO_RCVBUFFORCE,
  SO_SNDBUF,
  SO_SNDBUFFORCE,
  SOL_SOCKET,
} from './constants.js';
import { lastErrno, libc, pollAsync } from './libc.js';

/** No native call keeps a thread for longer than this, milliseconds. */
const POLL_SLICE_MS = 100;
/** After a poll that failed, of memory, another one is not tried at once. */
const FAILED_MS = 10;

/** The error for the system call that has just failed; reads errno, so nothing may come between. */
export function lastError(syscall: string, details: SystemErrorDetails = {}): UfoError {
  return systemError(lastErrno(), syscall, details);
}

/** socket(2). Throws a system error; `hint` is asked for where it is forbidden. */
export function openSocket(domain: number, type: number, protocol: number, hint?: () => string): number {
  const fd = libc().socket(domain, type, protocol);
  if (fd >= 0) return fd;
  const errno = lastErrno();
  throw systemError(errno, 'socket', hint === undefined ? {} : hintIfForbidden(errno, hint));
}

/** What to do about EPERM and EACCES; nothing for other errors. */
export function hintIfForbidden(errno: number, hint: () => string): SystemErrorDetails {
  return errno === ERRNO.EPERM || errno === ERRNO.EACCES ? { hint: hint() } : {};
}

/** Sets an option whose value is a C int. Throws a system error. */
export function setSockOptInt(fd: number, level: number, name: number, value: number): void {
  if (libc().setsockopt(fd, level, name, Int32Array.of(value), 4) < 0) {
    throw lastError('setsockopt', { reason: `level ${level}, option ${name}` });
  }
}

/** Reads an option whose value is a C int. Throws a system error. */
export function getSockOptInt(fd: number, level: number, name: number): number {
  const value = new Int32Array(1);
  if (libc().getsockopt(fd, level, name, value, Uint32Array.of(4)) < 0) {
    throw lastError('getsockopt', { reason: `level ${level}, option ${name}` });
  }
  return value[0]!;
}

/** setsockopt(2) of a socket whose descriptor somebody else keeps to himself. Throws a system error. */
export type SetOption<T> = (level: number, name: number, value: T) => void;

/** From now on a socket sends and receives by this interface only. Throws ENODEV; EPERM before Linux 5.7 without CAP_NET_RAW. */
export function bindToDevice(fd: number | SetOption<Buffer>, name: string): void {
  const octets = Buffer.from(name);
  if (typeof fd === 'function') fd(SOL_SOCKET, SO_BINDTODEVICE, octets);
  else if (libc().setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, octets, octets.length) < 0) {
    throw lastError('setsockopt', { reason: `SO_BINDTODEVICE ${name}` });
  }
}

/** Send buffer that drivers ask for, octets of skb truesize; without CAP_NET_ADMIN the kernel cuts it to net.core.wmem_max. */
export const SEND_BUFFER = 8 << 20;

/** SO_SNDBUFFORCE passes net.core.wmem_max and needs CAP_NET_ADMIN in the first user namespace; SO_SNDBUF does not. */
export function setSendBuffer(fd: number | SetOption<number>, octets: number): void {
  const half = octets >>> 1; // the kernel doubles what it is given
  const set = typeof fd === 'function' ? fd : setSockOptInt.bind(null, fd);
  try {
    set(SOL_SOCKET, SO_SNDBUFFORCE, half);
  } catch {
    set(SOL_SOCKET, SO_SNDBUF, half);
  }
}

/** SO_RCVBUFFORCE needs CAP_NET_ADMIN in the first user namespace; SO_RCVBUF is cut at net.core.rmem_max in silence. */
export function setRecvBuffer(fd: number, size: number): void {
  if (libc().setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, Int32Array.of(size), 4) === 0) return;
  setSockOptInt(fd, SOL_SOCKET, SO_RCVBUF, size);
}

/**
 * Waits in the thread pool until `fd` can be written, at most `timeoutMs` (0 only looks), in slices of at most 100 ms.
 * Resolves to false when the time is over. Rejects with the abort reason, or with the socket's pending error where the
 * descriptor is bad (EBADF); an error on the socket counts as writable, the next send tells it.
 */
export async function pollWritable(fd: number, timeoutMs: number, signal?: AbortSignal): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  const poll = new Poll(fd, POLLOUT);
  for (;;) {
    signal?.throwIfAborted();
    const ready = await poll.wait(deadline - performance.now());
    signal?.throwIfAborted();
    if (ready) return true;
    if (performance.now() >= deadline) return false;
  }
}

/** Waits for one descriptor, again and again. */
export class Poll {
  /** `struct pollfd { int fd; short events, revents; }` */
  readonly #pollfd = new Uint8Array(8);
  readonly #view = new DataView(this.#pollfd.buffer);

  constructor(fd: number, events: number) {
    this.#view.setInt32(0, fd, true);
    this.#view.setInt16(4, events, true);
  }

  /**
   * Waits in the thread pool for a slice of 100 ms, or less where `timeoutMs` is, and tells whether what was waited for, or an
   * error, is there. Rejects where the descriptor is bad.
   */
  async wait(timeoutMs: number): Promise<boolean> {
    const ready = await pollAsync(this.#pollfd, Math.max(0, Math.min(POLL_SLICE_MS, Math.ceil(timeoutMs))));
    if (ready < 0) await sleep(FAILED_MS);
    const revents = ready > 0 ? this.#view.getInt16(6, true) : 0;
    if (revents & POLLNVAL) throw systemError(ERRNO.EBADF, 'poll');
    return revents !== 0;
  }
}
