import { CLOCK_REALTIME } from './constants.js';
import { libc } from './libc.js';

/** struct timespec: seconds and nanoseconds, 8 octets each (little-endian machines only). */
const timespec = new Uint32Array(4);

/**
 * Milliseconds since the epoch with fractions, by the clock that hosts keep alike (NTP, PTP); `Date.now` knows whole ones
 * only. To a quarter of a microsecond.
 */
export function wallClock(): number {
  libc().clock_gettime(CLOCK_REALTIME, timespec);
  return (timespec[1]! * 2 ** 32 + timespec[0]!) * 1000 + timespec[2]! / 1e6;
}
