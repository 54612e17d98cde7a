import { randomBytes } from 'node:crypto';
import { constants, fchmodSync, lstatSync, openSync, readlinkSync, type Stats, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { ERRNO, systemError } from '../errors.js';
import { requireWritable } from './file-access.js';
import { openNameless } from './nameless-file.js';
import { checkDescriptor, descriptorOf } from './output-descriptor.js';

/** The kernel takes names of 255 octets; the rest is for what we add. */
const NAME_KEPT = 200;
const MAX_LINKS = 40;
/** The sticky bit, and writable by all: /tmp. */
const SHARED = 0o1002;

/** How the octets get to their target. */
export type Way =
  /** Written beside the target, and renamed; `named`: the file beside has its name already. */
  | {
      readonly kind: 'renamed';
      readonly temporary: string;
      readonly named: boolean;
      readonly target: string;
      readonly replaces: boolean;
    }
  /** Over what stands in the file, which is emptied first: its folder can't be written, or it has other names. */
  | { readonly kind: 'in-place' }
  /** A device, a pipe, a descriptor. */
  | { readonly kind: 'direct' };

/** A descriptor to write to, and what `OutputFile` does with it. */
export interface OutputTarget {
  readonly fd: number;
  /** It was somebody else's before, and stays open. */
  readonly lent?: true;
  /** A pipe, so far opened without waiting. */
  readonly fifo?: true;
  readonly way: Way;
}

/**
 * Opens what a user named, and leaves what stands there as it is. At once and by this thread, which may be the only one that has
 * the rights to it. Null for a pipe that nobody reads yet. Throws Node's own errors, and ours.
 */
export function openTarget(path: string): OutputTarget | null {
  const descriptor = descriptorOf(path);
  if (descriptor !== undefined) {
    checkDescriptor(descriptor, path);
    return { fd: descriptor, lent: true, way: { kind: 'direct' } };
  }
  const found = statSync(path, { throwIfNoEntry: false });
  if (found?.isDirectory()) throw systemError(ERRNO.EISDIR, 'open', { path });
  if (found?.isFIFO()) return openFifo(path);
  if (found !== undefined && !found.isFile())
    return { fd: openSync(path, constants.O_WRONLY), way: { kind: 'direct' } };
  return openPlain(targetOf(path), found);
}

function openPlain(target: string, found: Stats | undefined): OutputTarget {
  if (found !== undefined) requireWritable(target);
  const beside = found !== undefined && found.nlink > 1 ? null : openBeside(target, found?.mode);
  if (beside !== null) {
    const { fd, temporary, named } = beside;
    return { fd, way: { kind: 'renamed', target, temporary, named, replaces: found !== undefined } };
  }
  return { fd: openSync(target, constants.O_WRONLY | constants.O_NOFOLLOW), way: { kind: 'in-place' } };
}

/** Null where only the folder of an existing file forbids it. */
function openBeside(
  target: string,
  mode: number | undefined,
): { temporary: string; named: boolean; fd: number } | null {
  const name = basename(target).slice(0, NAME_KEPT);
  const temporary = join(dirname(target), `.${name}.${process.pid}-${randomBytes(3).toString('hex')}.part`);
  try {
    const nameless = openNameless(dirname(target));
    const fd = nameless ?? openSync(temporary, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL, 0o666);
    if (mode !== undefined) chmod(fd, mode & 0o7777);
    return { temporary, named: nameless === null, fd };
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (mode !== undefined && ['EACCES', 'EPERM', 'EROFS'].includes(code)) return null;
    throw error;
  }
}

function chmod(fd: number, mode: number): void {
  try {
    fchmodSync(fd, mode);
  } catch {
    // a file system without modes
  }
}

/**
 * Where a name leads, be it a dangling link or nothing yet. Links in its folders are the kernel's business. In a folder that
 * all may write only links of our own, or of the folder's owner, are followed (as `fs.protected_symlinks` has it): a link
 * there can be a trap for whoever has more rights than its maker.
 */
export function targetOf(path: string): string {
  let target = resolve(path);
  for (let links = 0; links < MAX_LINKS; links++) {
    const found = lstatOf(target);
    if (!found?.isSymbolicLink()) return target;
    const folder = statSync(dirname(target));
    const shared = (folder.mode & SHARED) === SHARED;
    if (shared && found.uid !== process.geteuid!() && found.uid !== folder.uid) {
      const hint = 'name the file that it leads to, if you trust it';
      throw systemError(ERRNO.EACCES, 'open', {
        path,
        reason: "somebody else's link in a folder that all may write",
        hint,
      });
    }
    target = resolve(dirname(target), readlinkSync(target));
  }
  throw systemError(ERRNO.ELOOP, 'open', { path });
}

/** What is wrong with it opening it will tell. */
function lstatOf(path: string): Stats | undefined {
  try {
    return lstatSync(path);
  } catch {
    return undefined;
  }
}

/** open(2) would wait for a reader, and no signal could end that. */
function openFifo(path: string): OutputTarget | null {
  try {
    return { fd: openSync(path, constants.O_WRONLY | constants.O_NONBLOCK), fifo: true, way: { kind: 'direct' } };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENXIO') throw error;
    return null;
  }
}
