import { checkObject, refuseUnknown } from '../checks.js';
import { argumentError, typeError } from '../errors.js';
import { parseAddress } from '../wire/address.js';
import { parseMac } from '../wire/ethernet.js';

/** What is put into every packet instead of what stands there. */
export interface Rewriting {
  readonly source?: Uint8Array;
  readonly destination?: Uint8Array;
  readonly sourceMac?: Uint8Array;
  readonly destinationMac?: Uint8Array;
  readonly sourcePort?: number;
  readonly destinationPort?: number;
  /** Sums of IP, UDP, TCP and ICMP are made anew, right or wrong as they were; else they stay as right as they were. */
  readonly checksums?: 'compute';
}

const WANT =
  'source=ADDRESS, destination=ADDRESS, source-mac=, destination-mac=, source-port=, destination-port=, checksums=compute, each once, joined by commas';

const NAMES: Readonly<Record<keyof Rewriting, true>> = {
  ...{ source: true, destination: true, sourceMac: true, destinationMac: true },
  ...{ sourcePort: true, destinationPort: true, checksums: true },
};

/** @throws UfoError (TypeError) for what is neither text nor such an object */
export function rewritingOf(given: unknown): Rewriting {
  if (typeof given === 'string') return parseRewriting(given);
  checkObject('rewrite', given, `an object, or text: ${WANT}`);
  refuseUnknown(given, Object.keys(NAMES), 'rewrite', 'rewrite.');
  return given;
}

const address = (text: string): Uint8Array | null => parseAddress(text)?.octets ?? null;
const port = (text: string): number | null => (/^\d{1,5}$/.test(text) && Number(text) <= 0xffff ? Number(text) : null);

/** Each name with what reads its value; null for one that is none. */
const PARTS: Readonly<Record<string, readonly [keyof Rewriting, (text: string) => Rewriting[keyof Rewriting] | null]>> =
  {
    source: ['source', address],
    destination: ['destination', address],
    'source-mac': ['sourceMac', parseMac],
    'destination-mac': ['destinationMac', parseMac],
    'source-port': ['sourcePort', port],
    'destination-port': ['destinationPort', port],
    checksums: ['checksums', (text) => (text === 'compute' ? text : null)],
  };

/**
 * Reads `source=192.0.2.1,destination-mac=02:…`. @param name what an error calls it. @throws UfoError ERR_UFO_INVALID_ARGUMENT
 * @example
 * ```js
 * import { parseRewriting } from 'udp-ufo';
 *
 * const { destination, destinationPort } = parseRewriting('destination=192.0.2.2,destination-port=9', 'rewrite');
 * console.log(destination.join('.'), destinationPort); // 192.0.2.2 9
 * ```
 */
export function parseRewriting(text: string, name = 'rewrite'): Rewriting {
  if (typeof text !== 'string') throw typeError(name, text, WANT);
  const found: Partial<Record<keyof Rewriting, unknown>> = {};
  for (const part of text.split(',')) {
    const [word = '', value = ''] = part.split(/=(.*)/s).map((side) => side.trim());
    const [key, parse] = (Object.hasOwn(PARTS, word) && PARTS[word]) || [];
    const parsed = parse?.(value) ?? null;
    if (key === undefined || parsed === null || key in found) throw argumentError(name, part, WANT);
    found[key] = parsed;
  }
  return found as Rewriting;
}
