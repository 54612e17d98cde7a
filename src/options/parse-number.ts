import { argumentError } from '../errors.js';
import { type NumberRange, rangeText } from './option.js';

/**
 * The multiples, the same for sizes, counts and rates: k, M and G are decimal, Ki, Mi and Gi binary (IEC 80000-13). A small m is
 * none, for it is a minute among times.
 */
const MULTIPLES: Readonly<Record<string, number>> = {
  ...{ '': 1, k: 1e3, K: 1e3, M: 1e6, G: 1e9 },
  ...{ Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30 },
};

/**
 * A whole number: `1500`, `0x5dc`, `64k` (64,000), `64Ki` (65,536), `1M`, `2G`. Refuses everything else by name, with what is
 * allowed: signs, fractions, exponents, underscores and the empty string among them.
 */
export function parseWhole(text: string, name: string, range: NumberRange): number {
  const value = wholeWithin(text, range);
  if (value !== undefined) return value;
  const forms = range.max >= 1024 ? '2k is 2000, 2Ki is 2048, 0x100 allowed' : '0x10 allowed';
  throw argumentError(name, text, `${rangeText(range)} (${forms})`);
}

/** As `parseWhole`, for a part of what was typed; undefined where it is none, or not within `range`. */
export function wholeWithin(text: string, { min, max }: NumberRange): number | undefined {
  const value = wholeOf(text);
  return value === undefined || value < min || value > max ? undefined : value;
}

function wholeOf(text: string): number | undefined {
  if (/^0x[0-9a-f]+$/i.test(text)) return safe(Number(text));
  const [, digits, multiple] = /^(\d+)([A-Za-z]*)$/.exec(text) ?? [];
  const factor = digits === undefined ? undefined : MULTIPLES[multiple!];
  return factor === undefined ? undefined : safe(Number(digits) * factor);
}

/** A positive number with an optional fraction and a multiple, `1.5G`; undefined where `text` is none. */
export function scaled(number: string, multiple: string): number | undefined {
  if (!/^\d+(\.\d+)?$/.test(number)) return undefined;
  const factor = MULTIPLES[multiple];
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
