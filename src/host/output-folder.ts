import { mkdirSync } from 'node:fs';
import { systemError } from '../errors.js';
import { asInvokingUser } from './invoking-user.js';

/**
 * A folder that a user named for output, made with all above it where it is not there: the invoking user's, as its files will be.
 * @throws UfoError of the system, with the path as written
 */
export function makeFolder(path: string): void {
  try {
    asInvokingUser(() => mkdirSync(path, { recursive: true }));
  } catch (error) {
    const { errno } = error as NodeJS.ErrnoException;
    throw errno === undefined ? error : systemError(-errno, 'mkdir', { path });
  }
}
