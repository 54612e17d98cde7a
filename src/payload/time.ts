/**
 * The time that a generated payload was sent, where the sender writes it: behind the head of 16 octets, since the epoch.
 *
 *      16        20            24
 *     | seconds | nanoseconds | body …                     all big-endian; seconds to the year 2106
 */
export const TIME_LEN = 8;
/** Payloads of fewer octets say no time. */
export const TIMED_LEAST_LEN = 32;

const SECONDS = 16;
export const NANOSECONDS = 20;
const BILLION = 1e9;

/** Writes a time, milliseconds since the epoch, into the payload that begins at `base` of `view`. */
export function setTime(view: DataView, base: number, ms: number): void {
  const seconds = Math.floor(ms / 1000);
  view.setUint32(base + SECONDS, seconds);
  view.setUint32(base + NANOSECONDS, Math.min(BILLION - 1, Math.round((ms - seconds * 1000) * 1e6)));
}

/** Milliseconds since the epoch, to a quarter of a microsecond; null where those octets are no time. */
export function getTime(view: DataView, base: number): number | null {
  const nanoseconds = view.getUint32(base + NANOSECONDS);
  return nanoseconds < BILLION ? view.getUint32(base + SECONDS) * 1000 + nanoseconds / 1e6 : null;
}
