import { ERRNO } from '../../errors.js';
import { libc } from '../../host/libc.js';

/** Linux's numbers end at 133 (EHWPOISON). */
const LAST_ERRNO = 133;

let numbers: ReadonlyMap<string, number> | undefined;

/**
 * The positive errno behind a text of strerror(3), 0 where it is none. The table is asked from the C library of this
 * process, so it holds for glibc and musl and in any language. "Unknown error 524" (numbers that the kernel leaks) counts.
 */
export function errnoOfText(text: string): number {
  numbers ??= new Map(Array.from({ length: LAST_ERRNO }, (_, index) => [libc().strerror(index + 1), index + 1]));
  const known = numbers.get(text);
  if (known !== undefined) return known;
  const leaked = /^(?:Unknown error|No error information)\s*(\d*)$/.exec(text);
  return leaked === null ? 0 : Number(leaked[1]) || ERRNO.EIO;
}
