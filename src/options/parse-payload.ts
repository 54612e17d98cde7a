import { argumentError } from '../errors.js';
import { IMIX, type PayloadSizes, type SizeRange } from '../payload/sizes.js';
import { type NumberRange, rangeText } from './option.js';
import { wholeWithin } from './parse-number.js';

/** Text as it is typed, in UTF-8: no escape means anything, and no end of line is added. */
export function parseText(text: string): Uint8Array {
  return Buffer.from(text, 'utf8');
}

/** `1400`; `64-1500`, any of these; `64,576,1000-1500`, in turn; `imix`. One size alone is a number. */
export function parseSizes(text: string, name: string, range: NumberRange): PayloadSizes {
  if (text === 'imix') return IMIX;
  const ranges = text.split(',').map((part) => parseRange(part, range));
  if (!ranges.every((one) => one !== undefined)) {
    throw argumentError(name, text, `${rangeText(range)} (2k is 2000, 2Ki is 2048), 64-1500, 64,576,1500 or imix`);
  }
  const [only] = ranges;
  return ranges.length === 1 && only!.min === only!.max ? only!.min : ranges;
}

/** `64` or `64-1500`; undefined where it is neither, or none of the sizes allowed. */
function parseRange(part: string, range: NumberRange): SizeRange | undefined {
  const ends = part.split('-').map((end) => wholeWithin(end, range));
  const [min] = ends;
  const max = ends.at(-1);
  return min === undefined || max === undefined || max < min || ends.length > 2 ? undefined : { min, max };
}
