import { randomBytes } from 'node:crypto';
import { constants, ftruncateSync, renameSync, unlinkSync } from 'node:fs';
import { access, type FileHandle, lstat, open, readlink, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ERRNO, systemError, type UfoError } from '../errors.js';

const FIFO_POLL_MS = 50;
/** The kernel takes names of 255 octets; the rest is for what we add. */
const NAME_KEPT = 200;
const MAX_LINKS = 40;

/** How the octets get to their target. */
type Way =
  /** Written beside the target, and renamed. */
  | { readonly kind: 'renamed'; readonly temporary: string; readonly target: string; readonly replaces: boolean }
  /** Over what stands in the file, which is emptied first: its folder can't be written, or it has other names. */
  | { readonly kind: 'in-place' }
  /** A device, a pipe, a descriptor. */
  | { readonly kind: 'direct' };

/**
 * A file that a user named for output, opened and so checked, and yet untouched: what stood under its name stays until
 * `publish`, which comes with the first octets or when the work has succeeded. A command that fails before leaves it as it
 * was. Symbolic links are followed and stay. `-`, /dev/stdout and /dev/fd/N are the descriptors, other devices and pipes
 * are written as they are.
 */
export class OutputFile implements AsyncDisposable {
  /** As the user wrote it. */
  readonly path: string;
  readonly fd: number;
  readonly #handle: FileHandle | null;
  readonly #way: Way;
  #published = false;
  #closed = false;

  private constructor(path: string, handle: FileHandle | number, way: Way) {
    this.path = path;
    this.#handle = typeof handle === 'number' ? null : handle;
    this.fd = typeof handle === 'number' ? handle : handle.fd;
    this.#way = way;
    if (way.kind === 'renamed') pending.add(way.temporary);
  }

  /** @throws UfoError of the system, with the path as written: ENOENT, EISDIR, EACCES, ENOSPC … */
  static async open(path: string, signal?: AbortSignal): Promise<OutputFile> {
    try {
      return await openOutput(path, signal);
    } catch (error) {
      throw asSystemError(error, 'open', path);
    }
  }

  static made(path: string, handle: FileHandle | number, way: Way): OutputFile {
    return new OutputFile(path, handle, way);
  }

  /** Whether the octets go to standard output, where nothing else may then be written. */
  get isStdout(): boolean {
    return this.fd === 1;
  }

  /** Whether a file stands under that name, with contents to lose. */
  get replaces(): boolean {
    return this.inPlace || (this.#way.kind === 'renamed' && this.#way.replaces);
  }

  /** Whether `publish` must come before anything is written by somebody else to `fd`. */
  get inPlace(): boolean {
    return this.#way.kind === 'in-place';
  }

  /** Puts what was written so far under the user's name, and all that follows. Idempotent. @throws UfoError */
  publish(): void {
    if (this.#published) return;
    try {
      if (this.#way.kind === 'in-place') ftruncateSync(this.fd, 0);
      if (this.#way.kind === 'renamed') {
        renameSync(this.#way.temporary, this.#way.target);
        pending.delete(this.#way.temporary);
      }
      this.#published = true;
    } catch (error) {
      throw asSystemError(error, 'rename', this.path);
    }
  }

  /** Appends, and publishes. One call after the other; the octets must stay as they are until it resolves. @throws UfoError */
  async write(octets: Uint8Array): Promise<void> {
    if (this.inPlace) this.publish();
    try {
      if (this.#handle === null && this.isStdout) await writeStdout(octets);
      else if (this.#handle === null) throw systemError(ERRNO.EBADF, 'write', { path: this.path });
      else for (let at = 0; at < octets.length; ) at += (await this.#handle.write(octets, at)).bytesWritten;
    } catch (error) {
      throw asSystemError(error, 'write', this.path);
    }
    this.publish();
  }

  /** The work has succeeded: publishes even an empty file, and closes it. */
  async finish(): Promise<void> {
    this.publish();
    await this.#close();
  }

  /** Closes; what was not published is taken away. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    await this.#close().catch(() => {});
    if (!this.#published && this.#way.kind === 'renamed') remove(this.#way.temporary);
  }

  async #close(): Promise<void> {
    this.#closed = true;
    await this.#handle?.close().catch((error: unknown) => {
      throw asSystemError(error, 'close', this.path);
    });
  }
}

/** Temporary names, to be taken away whatever ends this process but a SIGKILL. */
const pending = new Set<string>();
process.once('exit', () => pending.forEach(remove));

function remove(temporary: string): void {
  pending.delete(temporary);
  try {
    unlinkSync(temporary);
  } catch {
    // gone already
  }
}

async function openOutput(path: string, signal: AbortSignal | undefined): Promise<OutputFile> {
  const descriptor = descriptorOf(path);
  if (descriptor === 1) return OutputFile.made(path, 1, { kind: 'direct' });
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (found?.isDirectory()) throw systemError(ERRNO.EISDIR, 'open', { path });
  if (found?.isFIFO()) return OutputFile.made(path, await openFifo(path, signal), { kind: 'direct' });
  if (found !== null && (!found.isFile() || descriptor !== undefined)) {
    return OutputFile.made(path, await open(path, constants.O_WRONLY), { kind: 'direct' });
  }
  const target = found === null ? await targetOf(path) : await realpath(path);
  if (found !== null) await access(target, constants.W_OK);
  const beside = found !== null && found.nlink > 1 ? null : await openBeside(target, found?.mode);
  if (beside !== null) {
    const way = { kind: 'renamed', target, temporary: beside.path, replaces: found !== null } as const;
    return OutputFile.made(path, beside.handle, way);
  }
  return OutputFile.made(path, await open(target, constants.O_WRONLY), { kind: 'in-place' });
}

/** Null where only the folder of an existing file forbids it. */
async function openBeside(
  target: string,
  mode: number | undefined,
): Promise<{ path: string; handle: FileHandle } | null> {
  const name = basename(target).slice(0, NAME_KEPT);
  const path = join(dirname(target), `.${name}.${process.pid}-${randomBytes(3).toString('hex')}.part`);
  try {
    const handle = await open(path, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL, 0o666);
    if (mode !== undefined) await handle.chmod(mode & 0o7777).catch(() => {});
    return { path, handle };
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (mode !== undefined && ['EACCES', 'EPERM', 'EROFS'].includes(code)) return null;
    throw error;
  }
}

/** Where a name leads that is a dangling link, or nothing yet. */
async function targetOf(path: string): Promise<string> {
  let target = resolve(path);
  for (let links = 0; links < MAX_LINKS; links++) {
    const isLink = await lstat(target).then(
      (found) => found.isSymbolicLink(),
      () => false,
    );
    if (!isLink) return target;
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

function descriptorOf(path: string): number | undefined {
  if (path === '-' || path === '/dev/stdout') return 1;
  const number = /^\/(?:dev|proc\/self)\/fd\/(\d+)$/.exec(path)?.[1];
  return path === '/dev/stderr' ? 2 : number === undefined ? undefined : Number(number);
}

/** By the stream, for Node may have made the descriptor non-blocking. */
function writeStdout(octets: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(octets, (error) => (error ? reject(error) : resolve()));
  });
}

/** Node's file errors in our shape, naming the file as the user did and never a temporary one. */
function asSystemError(error: unknown, syscall: string, path: string): UfoError | unknown {
  const { errno, syscall: own } = error as NodeJS.ErrnoException;
  if (errno === undefined || (error as { path?: string }).path === path) return error;
  const code = Math.abs(errno);
  const hint = HINTS.get(code);
  return systemError(code, own === 'rename' || own === 'access' ? 'open' : (own ?? syscall), {
    path,
    ...(hint === undefined ? {} : { hint }),
  });
}

const FULL = 'no room: what could be written before is there; make room, or name a file on another disk';
const HINTS: ReadonlyMap<number, string> = new Map([
  [ERRNO.ENOSPC, FULL],
  [ERRNO.EDQUOT, FULL],
  [ERRNO.EFBIG, 'larger than this file system or a limit (ulimit -f) allows'],
  [ERRNO.EIO, 'the disk, or the way to it, fails: see dmesg'],
]);
