import { ERRNO, systemError, type UfoError } from '../errors.js';

const FULL = 'no room: what could be written before is there; make room, or name a file on another disk';
const HINTS: ReadonlyMap<number, string> = new Map([
  [ERRNO.ENOSPC, FULL],
  [ERRNO.EDQUOT, FULL],
  [ERRNO.EFBIG, 'larger than this file system or a limit (ulimit -f) allows'],
  [ERRNO.EIO, 'the disk, or the way to it, fails: see dmesg'],
]);

/** What to do about a disk that takes no more, for an error's details; nothing where nobody knows. */
export function diskHint(errno: number): { readonly hint?: string } {
  const hint = HINTS.get(errno);
  return hint === undefined ? {} : { hint };
}

/** A write that failed. @param path the file as the user named it, or what else was written to */
export function writeError(errno: number, path: string): UfoError {
  return systemError(errno, 'write', { path, ...diskHint(errno) });
}
