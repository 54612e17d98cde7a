import { constants } from 'node:os';
import { getSystemErrorName } from 'node:util';

/** Fields a system error can carry beside its code, in the shape of Node's own system errors. */
export interface SystemErrorDetails {
  readonly address?: string;
  readonly port?: number;
  readonly path?: string;
  /** What to do about it: a capability to give, a package to install, an option to change. */
  readonly hint?: string;
  /** Overrides the text behind `CODE: `; without it libuv's text of the error is used. */
  readonly reason?: string;
}

/** What a datagram had come to when its send failed: `SendResult` of the socket. */
export interface PartialSend {
  readonly fragments: number;
  readonly fragmentsSent: number;
}

/**
 * Any failure of udp-ufo that its caller can act on.
 *
 * `code` is `ERR_UFO_…` for misuse and the errno's name (`EMSGSIZE`, `EPERM`, …) where a system call failed; then `errno`
 * is negative, as in Node, and `syscall` names the call. `hint` says what to do next.
 */
export class UfoError extends Error {
  override readonly name: string = 'UfoError';
  readonly code: string;
  declare errno?: number;
  declare syscall?: string;
  declare address?: string;
  declare port?: number;
  declare path?: string;
  declare hint?: string;
  declare partial?: PartialSend;

  constructor(code: string, message: string, hint?: string) {
    super(message);
    this.code = code;
    if (hint !== undefined) this.hint = hint;
  }
}

/** A wrong argument: names it, what was got, what is allowed and what to do. */
export function argumentError(name: string, got: unknown, allowed: string, hint?: string): UfoError {
  return new UfoError('ERR_UFO_INVALID_ARGUMENT', `${name}: got ${show(got)}, want ${allowed}`, hint);
}

/** Something that this machine, build or driver cannot do. `code` defaults to `ERR_UFO_UNSUPPORTED`. */
export function unsupportedError(message: string, hint?: string): UfoError {
  return new UfoError('ERR_UFO_UNSUPPORTED', message, hint);
}

/** A failed system call. `errno` is the positive number of `<errno.h>`. */
export function systemError(errno: number, syscall: string, details: SystemErrorDetails = {}): UfoError {
  const code = errnoName(errno);
  const where = details.address === undefined ? (details.path ?? '') : endpoint(details.address, details.port);
  const reason = details.reason ? `: ${details.reason}` : '';
  const error = new UfoError(code, `${syscall} ${code}${where ? ` ${where}` : ''}${reason}`, details.hint);
  error.errno = -errno;
  error.syscall = syscall;
  if (details.address !== undefined) error.address = details.address;
  if (details.port !== undefined) error.port = details.port;
  if (details.path !== undefined) error.path = details.path;
  return error;
}

/** `EMSGSIZE` for 90; `errno 4711` for what this platform has no name for. */
export function errnoName(errno: number): string {
  const name = getSystemErrorName(-errno);
  return name.startsWith('Unknown') ? `errno ${errno}` : name;
}

/** errno numbers by name, positive, for comparisons: `ERRNO.EAGAIN`. */
export const ERRNO: Readonly<typeof constants.errno> = constants.errno;

function endpoint(address: string, port?: number): string {
  if (port === undefined) return address;
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (value instanceof Uint8Array) return `${value.length} octets`;
  return String(value);
}
