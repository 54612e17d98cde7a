import { argumentError } from '../errors.js';

/** Octets as hexadecimal digits, two each: `00ff`, and `00 ff` or `00:ff` as tools print them; at most `most` of them. */
export function parseHex(text: string, name: string, most: number): Uint8Array {
  const digits = text.replace(/[ :]/g, '');
  if (/^([0-9a-f]{2}([ :]?[0-9a-f]{2})*)?$/i.test(text) && digits.length <= 2 * most) {
    return Uint8Array.from(Buffer.from(digits, 'hex'));
  }
  throw argumentError(name, text, `0 … ${most} octets, two hexadecimal digits each: 00ff, 00:ff or "00 ff"`);
}
