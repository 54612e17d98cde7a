import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { access, type FileHandle, lstat, open, readlink, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ERRNO, systemError } from '../errors.js';
import { openNameless } from './nameless-file.js';
import { checkDescriptor, descriptorOf } from './output-descriptor.js';

const FIFO_POLL_MS = 50;
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
  readonly handle: FileHandle | number;
  readonly way: Way;
}

/** Opens what a user named, and leaves what stands there as it is. Throws Node's own errors, and ours. */
export async function openTarget(path: string, signal: AbortSignal | undefined): Promise<OutputTarget> {
  const descriptor = await descriptorOf(path);
  if (descriptor !== undefined) {
    checkDescriptor(descriptor, path);
    return { handle: descriptor, way: { kind: 'direct' } };
  }
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (found?.isDirectory()) throw systemError(ERRNO.EISDIR, 'open', { path });
  if (found?.isFIFO()) return { handle: await openFifo(path, signal), way: { kind: 'direct' } };
  if (found !== null && !found.isFile()) {
    return { handle: await open(path, constants.O_WRONLY), way: { kind: 'direct' } };
  }
  const target = await targetOf(path);
  if (found !== null) await access(target, constants.W_OK);
  const beside = found !== null && found.nlink > 1 ? null : await openBeside(target, found?.mode);
  if (beside !== null) {
    const { handle, temporary, named } = beside;
    return { handle, way: { kind: 'renamed', target, temporary, named, replaces: found !== null } };
  }
  return { handle: await open(target, constants.O_WRONLY | constants.O_NOFOLLOW), way: { kind: 'in-place' } };
}

/** Null where only the folder of an existing file forbids it. */
async function openBeside(
  target: string,
  mode: number | undefined,
): Promise<{ temporary: string; named: boolean; handle: FileHandle } | null> {
  const name = basename(target).slice(0, NAME_KEPT);
  const temporary = join(dirname(target), `.${name}.${process.pid}-${randomBytes(3).toString('hex')}.part`);
  try {
    const nameless = await openNameless(dirname(target));
    const handle = nameless ?? (await open(temporary, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL, 0o666));
    if (mode !== undefined) await handle.chmod(mode & 0o7777).catch(() => {});
    return { temporary, named: nameless === null, handle };
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (mode !== undefined && ['EACCES', 'EPERM', 'EROFS'].includes(code)) return null;
    throw error;
  }
}

/**
 * Where a name leads, be it a dangling link or nothing yet. Links in its folders are the kernel's business. In a folder that
 * all may write only links of our own, or of the folder's owner, are followed (as `fs.protected_symlinks` has it): a link
 * there can be a trap for whoever has more rights than its maker.
 */
export async function targetOf(path: string): Promise<string> {
  let target = resolve(path);
  for (let links = 0; links < MAX_LINKS; links++) {
    const found = await lstat(target).catch(() => null);
    if (!found?.isSymbolicLink()) return target;
    const folder = await stat(dirname(target));
    const shared = (folder.mode & SHARED) === SHARED;
    if (shared && found.uid !== process.geteuid!() && found.uid !== folder.uid) {
      const hint = 'name the file that it leads to, if you trust it';
      throw systemError(ERRNO.EACCES, 'open', {
        path,
        reason: "somebody else's link in a folder that all may write",
        hint,
      });
    }
    target = resolve(dirname(target), await readlink(target));
  }
  throw systemError(ERRNO.ELOOP, 'open', { path });
}

/** A pipe without a reader is waited for, but not by a thread that no signal can end. */
async function openFifo(path: string, signal: AbortSignal | undefined): Promise<FileHandle> {
  for (;;) {
    signal?.throwIfAborted();
    try {
      await using first = await open(path, constants.O_WRONLY | constants.O_NONBLOCK);
      return await open(`/proc/self/fd/${first.fd}`, constants.O_WRONLY); // the same, without O_NONBLOCK
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENXIO') throw error;
      await sleep(FIFO_POLL_MS, undefined, signal ? { signal } : {});
    }
  }
}
