import { argumentError } from '../errors.js';
import { type NumberRange, rangeText } from './option.js';

/** Binary multiples, for everything counted in octets or pieces: `64k` is 65,536. */
const BINARY: Readonly<Record<string, number>> = { '': 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30 };
/** Decimal multiples, for everything per second: `10k` is 10,000, as with line rates. */
const DECIMAL: Readonly<Record<string, number>> = { '': 1, k: 1e3, m: 1e6, g: 1e9 };

/**
 * A whole number: `1500`, `0x5dc`, `64k`, `1M`, `2G` (binary multiples). Refuses everything else by name, with what is
 * allowed: signs, fractions, exponents, underscores and the empty string among them.
 */
export function parseWhole(text: string, name: string, range: NumberRange): number {
  const value = wholeOf(text);
  if (value === undefined || value < range.min || value > range.max) {
    const forms = range.max >= 1024 ? '64k, 0x100 allowed' : '0x10 allowed';
    throw argumentError(name, text, `${rangeText(range)} (${forms})`);
  }
  return value;
}

function wholeOf(text: string): number | undefined {
  if (/^0x[0-9a-f]+$/i.test(text)) return safe(Number(text));
  const match = /^(\d+)([kmg]?)$/i.exec(text);
  return match === null ? undefined : safe(Number(match[1]) * BINARY[match[2]!.toLowerCase()]!);
}

/** A positive number with an optional fraction and a decimal multiple, `1.5G`; undefined where `text` is none. */
export function scaledDecimal(number: string, multiple: string): number | undefined {
  if (!/^\d+(\.\d+)?$/.test(number)) return undefined;
  const factor = DECIMAL[multiple.toLowerCase()];
  return factor === undefined ? undefined : Number(number) * factor;
}

function safe(value: number): number | undefined {
  return Number.isSafeInteger(value) ? value : undefined;
}

const MILLISECONDS: Readonly<Record<string, number>> = { us: 1e-3, ms: 1, s: 1e3, m: 6e4, h: 3.6e6 };

/** A span of time in milliseconds: `500ms`, `10s`, `1.5m`, `1h`; a bare number is seconds. */
export function parseDuration(text: string, name: string, min: number, max: number): number {
  const match = /^(\d+(?:\.\d+)?)(us|ms|s|m|h)?$/.exec(text);
  const value = match === null ? Number.NaN : Number(match[1]) * MILLISECONDS[match[2] ?? 's']!;
  if (value >= min && value <= max) return value;
  throw argumentError(name, text, `a time of ${min} ms … ${max / 1000} s (500ms, 10s, 2m; a bare number is seconds)`);
}
