/** How an interface of a pcapng file counts time. */
export interface Resolution {
  /** Units a second. */
  readonly units: number;
  /** Seconds to add. */
  readonly offset: number;
}

/** What an interface without the options says: microseconds. */
export const MICROSECONDS: Resolution = { units: 1_000_000, offset: 0 };

/** Seconds since the epoch and nanoseconds within the second; one object is filled again and again. */
export interface Time {
  seconds: number;
  nanoseconds: number;
}

/** With that many units a second and fewer, the long division below stays exact in doubles, the nanoseconds too. */
const MOST_UNITS = 2 ** 30;

/** The units that option if_tsresol means: a negative power of 10, or of 2 where the highest bit is set. */
export function unitsOf(tsresol: number): number {
  return tsresol & 0x80 ? 2 ** (tsresol & 0x7f) : 10 ** tsresol;
}

/** Writes the time of the 64-bit count `high`, `low` to `out`. */
export function setTime(high: number, low: number, { units, offset }: Resolution, out: Time): void {
  if (units > MOST_UNITS) {
    setLongTime(high, low, units, offset, out);
    return;
  }
  // Long division by digits of 16 bits: 64 bits are more than a double holds, and a bigint a frame is garbage.
  const upper = Math.floor(high / units);
  let rest = (high % units) * 65_536 + (low >>> 16);
  const middle = Math.floor(rest / units);
  rest = (rest % units) * 65_536 + (low & 0xffff);
  const lower = Math.floor(rest / units);
  out.seconds = upper * 2 ** 32 + middle * 65_536 + lower + offset;
  out.nanoseconds = nanosecondsOf(rest % units, units);
}

/** Of powers of 10 there are whole nanoseconds a unit; a part of a power of 2 times them has at most 51 bits. */
function nanosecondsOf(rest: number, units: number): number {
  return 1e9 % units === 0 ? rest * (1e9 / units) : Math.floor((rest / units) * 1e9);
}

function setLongTime(high: number, low: number, units: number, offset: number, out: Time): void {
  const count = (BigInt(high) << 32n) | BigInt(low);
  const perSecond = BigInt(units);
  out.seconds = Number(count / perSecond) + offset;
  out.nanoseconds = Number(((count % perSecond) * 1_000_000_000n) / perSecond);
}
