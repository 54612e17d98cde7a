import { argumentError, typeError, UfoError, unsupportedError } from '../../errors.js';
import type { SendOptions } from '../options.js';
import { checkWait } from '../waiting/check-wait.js';
import { partsOf, sliceOf } from './message.js';

/** The arguments of dgram's methods, which say by number and type what they are. All throw before anything is done. */

export type SendCallback = (error: Error | null, octets: number) => void;
export type Callback = () => void;
export type ErrorCallback = (error?: Error) => void;

export interface SendCall {
  readonly parts: readonly Uint8Array[];
  readonly to: SendOptions;
  readonly callback: SendCallback | undefined;
}

export interface EndpointCall<C> {
  readonly port: number;
  /** Undefined: the default of the call. */
  readonly address: string | undefined;
  readonly callback: C | undefined;
}

/** `send(msg[, offset, length][, port][, address][, callback])`. */
export function sendCall(message: unknown, rest: readonly unknown[], connected: boolean): SendCall {
  const sliced = connected
    ? typeof rest[1] === 'number'
    : isGiven(rest[3]) || (isGiven(rest[2]) && !isFunction(rest[2]));
  const parts = sliced ? [sliceOf(message, rest[0], rest[1])] : partsOf(message);
  const behind = sliced ? rest.slice(2) : rest;
  const callback = behind.find(isFunction) as SendCallback | undefined;
  const [port, address] = behind.filter((one) => !isFunction(one));
  if (connected) {
    if (isGiven(port) || isGiven(address))
      throw stateError('IS_CONNECTED', 'connected: no port and address can be given');
    return { parts, to: {}, callback };
  }
  return { parts, to: { port: portOf(port, 1), address: addressOf(address) ?? undefined }, callback };
}

/** `bind([port][, address][, callback])`, `bind(options[, callback])`. */
export function bindCall(args: readonly unknown[]): EndpointCall<Callback> {
  const callback = args.find(isFunction) as Callback | undefined;
  const [first, second] = args.filter((one) => !isFunction(one));
  if (typeof first !== 'object' || first === null) {
    return { port: portOf(first ?? 0, 0), address: addressOf(second), callback };
  }
  const { port, address, fd } = first as { port?: unknown; address?: unknown; fd?: unknown };
  if (fd !== undefined)
    throw unsupportedError('fd: the socket opens its own', 'bind to a port, or use dgram for this one');
  return { port: portOf(port ?? 0, 0), address: addressOf(address), callback };
}

/** `connect(port[, address][, callback])`; what follows the address may be a signal's owner instead. */
export function connectCall(
  args: readonly unknown[],
): EndpointCall<ErrorCallback> & { readonly signal: AbortSignal | undefined } {
  const callback = args.find(isFunction) as ErrorCallback | undefined;
  const [port, address, more] = args.filter((one) => !isFunction(one));
  const wait = more ?? {};
  checkWait(wait, 'connect');
  const { signal } = wait;
  return { port: portOf(port, 1), address: addressOf(address), callback, signal };
}

/** A port, as a number or, as dgram has it, in decimal text. */
export function portOf(value: unknown, least: 0 | 1, name = 'port'): number {
  const allowed = `a port, ${least} … 65535`;
  const port = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  if (typeof port !== 'number') throw typeError(name, value, allowed);
  if (!Number.isInteger(port) || port < least || port > 65_535) throw argumentError(name, value, allowed);
  return port;
}

/** An address or a name; nothing, also by an empty text, is undefined. */
export function addressOf(value: unknown): string | undefined {
  if (!isGiven(value)) return undefined;
  if (typeof value !== 'string') throw typeError('address', value, 'an address or a host name, as text');
  return value;
}

/** An error that dgram has its own code for, so that programs that ask for it go on to work. */
export function stateError(code: keyof typeof CODES, message: string): UfoError {
  return new UfoError(CODES[code], message);
}

const CODES = {
  ALREADY_BOUND: 'ERR_SOCKET_ALREADY_BOUND',
  IS_CONNECTED: 'ERR_SOCKET_DGRAM_IS_CONNECTED',
  NOT_CONNECTED: 'ERR_SOCKET_DGRAM_NOT_CONNECTED',
} as const;

function isFunction(value: unknown): value is (...args: never[]) => unknown {
  return typeof value === 'function';
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null && value !== '';
}
