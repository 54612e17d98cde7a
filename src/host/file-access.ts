import { accessSync, constants } from 'node:fs';
import { AT_EACCESS, AT_FDCWD } from './constants.js';
import { type Libc, libc } from './libc.js';
import { lastError } from './socket-calls.js';

/**
 * Holds that this thread may write a file that is there: access(2) asks for the real user, who may be another one.
 * @throws the system's error
 */
export function requireWritable(path: string): void {
  const native = nativeOrNull();
  if (native === null) accessSync(path, constants.W_OK);
  else if (native.faccessat(AT_FDCWD, path, constants.W_OK, AT_EACCESS) < 0) throw lastError('open', { path });
}

/** Without koffi nobody is somebody else. */
function nativeOrNull(): Libc | null {
  try {
    return libc();
  } catch {
    return null;
  }
}
