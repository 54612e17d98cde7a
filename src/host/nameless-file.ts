import { closeSync, constants, existsSync, openSync } from 'node:fs';
import { AT_FDCWD, AT_SYMLINK_FOLLOW } from './constants.js';
import { libc } from './libc.js';
import { lastError } from './socket-calls.js';

/** <fcntl.h>, whose O_DIRECTORY is another number on arm64. */
const O_TMPFILE = 0o20000000 | constants.O_DIRECTORY;

/**
 * A file in a folder that has no name yet, so that nothing is left of it whatever ends this process. null where there are
 * none: on file systems without O_TMPFILE (NFS), without /proc, by which it gets its name, or without koffi.
 */
export function openNameless(folder: string): number | null {
  try {
    libc();
    const fd = openSync(folder, O_TMPFILE | constants.O_RDWR, 0o666);
    if (existsSync(`/proc/self/fd/${fd}`)) return fd;
    closeSync(fd);
  } catch {
    // a name beside the target then, whose refusal tells more
  }
  return null;
}

/** Gives such a file its name. @throws UfoError of the system: EEXIST, ENOSPC */
export function nameFile(fd: number, path: string): void {
  if (libc().linkat(AT_FDCWD, `/proc/self/fd/${fd}`, AT_FDCWD, path, AT_SYMLINK_FOLLOW) < 0) throw lastError('open');
}
