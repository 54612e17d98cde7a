import { argumentError, typeError } from './errors.js';

/** @throws UfoError (TypeError) for what is no object, where an object of options is wanted */
export function checkObject(name: string, value: unknown, allowed = 'an object of options'): asserts value is object {
  if (typeof value !== 'object' || value === null) throw typeError(name, value, allowed);
}

/** @throws UfoError (TypeError) for what cannot be gone through, and for octets, whose iterator is another matter */
export function checkIterable(name: string, value: unknown, allowed: string, hint?: string): void {
  const object = typeof value === 'object' && value !== null && !ArrayBuffer.isView(value);
  if (object && (Symbol.iterator in value || Symbol.asyncIterator in value)) return;
  throw typeError(name, value, allowed, hint);
}

/** @throws UfoError (TypeError) for what is no signal; undefined is none */
export function checkSignal(value: unknown): asserts value is AbortSignal | undefined {
  if (value !== undefined && !(value instanceof AbortSignal)) throw typeError('signal', value, 'an AbortSignal');
}

/** @throws UfoError (TypeError) for what is no function; undefined is none */
export function checkFunction(name: string, value: unknown, allowed = 'a function'): void {
  if (value !== undefined && typeof value !== 'function') throw typeError(name, value, allowed);
}

/** @throws UfoError: TypeError for what is no number, RangeError for one out of range */
export function checkWhole(
  name: string,
  value: unknown,
  least: number,
  most: number,
  unit = '',
): asserts value is number {
  const allowed = `${least} … ${most}${unit && ` ${unit}`}`;
  if (typeof value !== 'number') throw typeError(name, value, allowed);
  if (!Number.isInteger(value) || value < least || value > most) throw argumentError(name, value, allowed);
}

/**
 * @param inside what stands in front of its keys where it is part of another: `flows.ends[0].`
 * @throws UfoError (TypeError) for a key that is none of `known`, with the nearest one
 */
export function refuseUnknown(given: object, known: readonly string[], of: string, inside = ''): void {
  // Asked for every datagram: nothing is made where all are known.
  for (const key in given) {
    if (known.includes(key) || !Object.hasOwn(given, key)) continue;
    const near = nearest(key, known);
    const hint = near === undefined ? `${of} takes ${known.join(', ')}` : `did you mean \`${near}\`?`;
    throw typeError(`${inside}${key}`, given[key as never], `no such option: ${of} has none of this name`, hint);
  }
}

/** The name within two edits of `typed`, if any: enough for a slip of the finger. */
export function nearest(typed: string, names: readonly string[]): string | undefined {
  const ranked = names.map((name) => ({ name, edits: editDistance(typed, name) })).sort((a, b) => a.edits - b.edits);
  const best = ranked[0];
  return best !== undefined && best.edits <= Math.min(2, best.name.length - 1) ? best.name : undefined;
}

/** Levenshtein's distance, one row at a time. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}
