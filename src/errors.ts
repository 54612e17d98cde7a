import { constants } from 'node:os';
import { getSystemErrorName, inspect } from 'node:util';

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

/** Set on every error of ours, whatever its class. */
const OURS = Symbol.for('udp-ufo.error');

/**
 * Any failure of udp-ufo that its caller can act on.
 *
 * `code` is `ERR_UFO_…` for misuse and the errno's name (`EMSGSIZE`, `EPERM`, …) where a system call failed; then `errno`
 * is negative, as in Node, and `syscall` names the call. `hint` says what to do next.
 *
 * A wrong argument is a TypeError or a RangeError with the same fields, and an `instanceof UfoError` too.
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
  /** The argument that is wrong, as the message names it in front of its first colon. */
  declare argument?: string;

  constructor(code: string, message: string, hint?: string) {
    super(message);
    this.code = code;
    if (hint !== undefined) this.hint = hint;
  }

  static {
    Object.defineProperty(UfoError.prototype, OURS, { value: true });
    Object.defineProperty(UfoError, Symbol.hasInstance, { value: isInstance });
  }
}

const MISUSE = 'ERR_UFO_INVALID_ARGUMENT';

/**
 * A wrong argument: names it as the caller wrote it, what was got, what is allowed and what to do. A RangeError where a
 * number or octets are of the wrong size, else a TypeError.
 */
export function argumentError(name: string, got: unknown, allowed: string, hint?: string): UfoError {
  const sized = typeof got === 'number' || typeof got === 'bigint' || got instanceof Uint8Array;
  return misuse(sized ? RangeError : TypeError, name, got, allowed, hint);
}

/** As `argumentError`, for a value of a type that is never right there, a number too. */
export function typeError(name: string, got: unknown, allowed: string, hint?: string): UfoError {
  return misuse(TypeError, name, got, allowed, hint);
}

/** Names the argument as whoever asked wrote it, where that is not what it is called further down. */
export function nameArgument(error: UfoError, name: string): void {
  if (error.argument === undefined) return;
  error.message = `${name}${error.message.slice(error.argument.length)}`;
  error.argument = name;
}

/** A mistake on the command line that no single option is to blame for. */
export function usageError(message: string, hint?: string): UfoError {
  return new UfoError('ERR_UFO_USAGE', message, hint);
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

function isInstance(this: unknown, value: unknown): boolean {
  // A class derived from this one asks for its own instances.
  if (this !== UfoError) return Function.prototype[Symbol.hasInstance].call(this, value);
  return typeof value === 'object' && value !== null && OURS in value;
}

function misuse(
  kind: TypeErrorConstructor | RangeErrorConstructor,
  argument: string,
  got: unknown,
  allowed: string,
  hint?: string,
): UfoError {
  const error = new kind(`${argument}: got ${show(got)}, want ${allowed}`);
  Object.defineProperty(error, OURS, { value: true });
  return Object.assign(error, { code: MISUSE, argument }, hint === undefined ? {} : { hint });
}

function endpoint(address: string, port?: number): string {
  if (port === undefined) return address;
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}…` : value);
  if (value instanceof Uint8Array) return `${value.length} octets`;
  return inspect(value, {
    depth: Array.isArray(value) ? 1 : 0,
    breakLength: Number.POSITIVE_INFINITY,
    maxArrayLength: 4,
  });
}
