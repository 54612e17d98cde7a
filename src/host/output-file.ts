import { close, closeSync, constants, ftruncateSync, open, renameSync, unlinkSync, write } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { systemError, type UfoError } from '../errors.js';
import { hasName, willHaveName } from './files-to-come.js';
import { asInvokingUser } from './invoking-user.js';
import { nameFile } from './nameless-file.js';
import { writeDescriptor } from './output-descriptor.js';
import { type OutputTarget, openTarget, type Way } from './output-target.js';
import { diskHint } from './write-error.js';

const FIFO_POLL_MS = 50;
const openAt = promisify(open);
const writeTo = promisify(write);
const closeOf = promisify(close);

/**
 * A file that a user named for output, opened and so checked, and yet untouched: what stood under its name stays until
 * `publish`, which comes with the first octets or when the work has succeeded. A command that fails before leaves it as it
 * was. Symbolic links are followed and stay. `-`, /dev/stdout and /dev/fd/N are the descriptors, written where
 * they stand and left open; other devices and pipes are written as they are.
 */
export class OutputFile implements AsyncDisposable {
  /** As the user wrote it. */
  readonly path: string;
  readonly fd: number;
  /** It was there before, and stays open. */
  readonly #lent: boolean;
  readonly #way: Way;
  #published = false;
  #closed = false;

  private constructor(path: string, { fd, lent, way }: OutputTarget) {
    this.path = path;
    this.fd = fd;
    this.#lent = lent === true;
    this.#way = way;
    if (way.kind !== 'renamed') return;
    if (way.named) pending.add(way.temporary);
    willHaveName(this, dirname(way.target));
  }

  /** @throws UfoError of the system, with the path as written: ENOENT, EISDIR, EACCES, ENOSPC … */
  static async open(path: string, signal?: AbortSignal): Promise<OutputFile> {
    try {
      for (;;) {
        signal?.throwIfAborted();
        const target = asInvokingUser(() => openTarget(path));
        if (target !== null) return new OutputFile(path, target.fifo === true ? await waiting(target) : target);
        await sleep(FIFO_POLL_MS, undefined, signal ? { signal } : {});
      }
    } catch (error) {
      throw asSystemError(error, 'open', path);
    }
  }

  /** Whether the octets go to standard output, where nothing else may then be written. */
  get isStdout(): boolean {
    return this.fd === 1;
  }

  /** Whether a file stands under that name, with contents to lose. */
  get replaces(): boolean {
    return this.inPlace || (this.#way.kind === 'renamed' && this.#way.replaces);
  }

  /** Whether what stands there is written over: whoever else writes to `fd` has to empty it first. */
  get inPlace(): boolean {
    return this.#way.kind === 'in-place';
  }

  /**
   * Puts what was written so far under the user's name, and all that follows. Idempotent.
   * @param emptied somebody else has written to `fd`, and emptied it before where it is in place
   * @throws UfoError
   */
  publish({ emptied = false } = {}): void {
    if (this.#published) return;
    try {
      if (this.#way.kind === 'in-place' && !emptied) ftruncateSync(this.fd, 0);
      if (this.#way.kind === 'renamed') this.#rename(this.#way);
      this.#published = true;
      hasName(this);
    } catch (error) {
      throw asSystemError(error, 'rename', this.path);
    }
  }

  #rename({ named, temporary, target }: Way & { kind: 'renamed' }): void {
    if (!named) {
      nameFile(this.fd, temporary);
      pending.add(temporary);
    }
    renameSync(temporary, target);
    pending.delete(temporary);
  }

  /** Appends, and publishes. One call after the other; the octets must stay as they are until it resolves. @throws UfoError */
  async write(octets: Uint8Array): Promise<void> {
    if (this.inPlace) this.publish();
    try {
      if (this.#lent) await writeDescriptor(this.fd, octets);
      else for (let at = 0; at < octets.length; ) at += (await writeTo(this.fd, octets, at)).bytesWritten;
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
    if (!this.#published && this.#way.kind === 'renamed' && pending.has(this.#way.temporary))
      remove(this.#way.temporary);
    hasName(this);
  }

  async #close(): Promise<void> {
    this.#closed = true;
    if (this.#lent) return;
    await closeOf(this.fd).catch((error: unknown) => {
      throw asSystemError(error, 'close', this.path);
    });
  }
}

/** A pipe whose writes wait for its reader. */
async function waiting(target: OutputTarget): Promise<OutputTarget> {
  try {
    return { fd: await openAt(`/proc/self/fd/${target.fd}`, constants.O_WRONLY), way: target.way };
  } finally {
    closeSync(target.fd);
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

/** Node's file errors in our shape, naming the file as the user did and never a temporary one. */
function asSystemError(error: unknown, syscall: string, path: string): UfoError | unknown {
  const { errno, syscall: own } = error as NodeJS.ErrnoException;
  if (errno === undefined || (error as { path?: string }).path === path) return error;
  const code = Math.abs(errno);
  const call = own === 'rename' || own === 'access' ? 'open' : (own ?? syscall);
  return systemError(code, call, { path, ...diskHint(code) });
}
