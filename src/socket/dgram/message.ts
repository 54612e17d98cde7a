import { argumentError, typeError } from '../../errors.js';

/** Octets as a caller has them: text is sent as UTF-8, any other view as the octets that lie in it. */
export type Octets = string | NodeJS.ArrayBufferView;

/** A datagram's payload, whole or in pieces that follow each other. */
export type Message = Octets | readonly Octets[];

const ALLOWED = 'a string, Buffer, TypedArray or DataView';

/**
 * What a message is made of, in place: nothing is copied but text.
 * @throws UfoError (TypeError) naming the piece that is none
 */
export function partsOf(message: unknown): readonly Uint8Array[] {
  if (message instanceof Uint8Array) return [message];
  if (!Array.isArray(message)) return [octetsOf(message, 'message', `${ALLOWED}, or an array of these`)];
  return Array.from(message, (part: unknown, index) => octetsOf(part, `message[${index}]`));
}

/** One piece. @param name what its owner calls it */
export function octetsOf(value: unknown, name: string, allowed: string = ALLOWED): Uint8Array {
  if (value instanceof Uint8Array) return value;
  if (typeof value === 'string') return Buffer.from(value);
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  const hint = value instanceof ArrayBuffer ? 'new Uint8Array(buffer) is a view of it' : undefined;
  throw typeError(name, value, allowed, hint);
}

/** `length` octets of a message from `offset` on, as dgram's `send(msg, offset, length, …)` takes them. */
export function sliceOf(message: unknown, offset: unknown, length: unknown): Uint8Array {
  const octets = octetsOf(message, 'message', `${ALLOWED}; an array goes without offset and length`);
  checkWithin('offset', offset, octets.length);
  checkWithin('length', length, octets.length - offset);
  return octets.subarray(offset, offset + length);
}

function checkWithin(name: string, value: unknown, most: number): asserts value is number {
  if (typeof value !== 'number') throw typeError(name, value, 'a number');
  if (!Number.isInteger(value) || value < 0 || value > most) throw argumentError(name, value, `0 … ${most} octets`);
}
