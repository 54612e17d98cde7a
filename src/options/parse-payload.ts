import { argumentError } from '../errors.js';

/** Octets as hexadecimal digits, two each: `00ff`, and `00 ff` or `00:ff` as tools print them. */
export function parseHex(text: string, name: string): Uint8Array {
  if (/^[0-9a-f]{2}([ :]?[0-9a-f]{2})*$/i.test(text)) return Buffer.from(text.replace(/[ :]/g, ''), 'hex');
  throw argumentError(name, text, 'two hexadecimal digits for each octet: 00ff, 00:ff or "00 ff"');
}

/** Text as it is typed, in UTF-8: no escape means anything, and no end of line is added. */
export function parseText(text: string): Uint8Array {
  return Buffer.from(text, 'utf8');
}
