import { constants, type FileHandle, open } from 'node:fs/promises';
import { checkFunction, checkObject } from '../checks.js';
import { argumentError, typeError } from '../errors.js';
import { checkMany } from './check-to.js';
import type { SendResult, SendSummary } from './flight/datagram.js';
import { type FileStretch, refuseShorter } from './flight/file-feed.js';
import type { FileOptions, ManyOptions } from './options.js';
import { type Pages, UserPages } from './pages.js';

/** Opening a FIFO would otherwise wait for its writer; it is refused afterwards. */
const READ = constants.O_RDONLY | constants.O_NONBLOCK;

/** What sending a file needs of a socket. */
export interface PageSender {
  allocPages(len: number, options?: { readonly signal?: AbortSignal }): Promise<Pages>;
  sendMany(source: AsyncIterable<Pages>, to?: ManyOptions): Promise<SendSummary>;
}

/**
 * Reads a file straight into user pages and sends it from there: no copy of ours between disk and device. The last datagram
 * has what is left. The file is read until it ends, whatever its size is said to be: it may grow meanwhile, and those of /proc
 * say 0. One that ends before `offset + length` is sent as far as it goes.
 * @throws UfoError for a datagram size that does not fit, or a file that has become shorter meanwhile; the file's own system
 *   error; what went before is in `summary`
 */
export async function sendFile(
  socket: PageSender,
  file: string | FileHandle,
  options: FileOptions,
): Promise<SendSummary> {
  checkObject('options', options, 'an object with datagramSize');
  checkMany(options, 'sendFile');
  checkFunction('onProgress', options.onProgress, 'a function that is told how far it is');
  const { datagramSize, offset = 0, length = Number.MAX_SAFE_INTEGER, onProgress, ...to } = options;
  checkRange('datagramSize', datagramSize, 1, 65_527);
  checkRange('offset', offset, 0, Number.MAX_SAFE_INTEGER);
  checkRange('length', length, 0, Number.MAX_SAFE_INTEGER);
  if (typeof file !== 'string' && typeof file?.stat !== 'function')
    throw typeError('file', file, 'a path or a FileHandle');
  const handle = typeof file === 'string' ? await open(file, READ) : file;
  try {
    const { size } = await statOf(handle, file);
    const known = Math.max(0, Math.min(size - offset, length));
    const stretch = { handle, size, start: offset, end: offset + length, datagramSize };
    return await socket.sendMany(new FileSource(socket, stretch, options.signal), {
      ...to,
      onDatagram: listener({ onProgress, onDatagram: to.onDatagram }, known),
    });
  } finally {
    if (typeof file === 'string') await handle.close();
  }
}

/** A stretch of a file as a source of datagrams; a socket that can reads it its own way. */
export class FileSource implements AsyncIterable<Pages> {
  readonly stretch: FileStretch;
  readonly #socket: PageSender;
  readonly #signal: AbortSignal | undefined;

  constructor(socket: PageSender, stretch: FileStretch, signal: AbortSignal | undefined) {
    this.stretch = stretch;
    this.#socket = socket;
    this.#signal = signal;
  }

  /** Pages full of file; ours are given back when the next are asked for, and the datagram made of them holds them on. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Pages, void> {
    const { handle, size, start, end, datagramSize } = this.stretch;
    const wish = this.#signal === undefined ? {} : { signal: this.#signal };
    for (let at = start; at < end; ) {
      const len = Math.min(datagramSize, end - at, await left(handle, at, size));
      if (len === 0) return;
      using pages = await this.#socket.allocPages(len, wish);
      const read = await fill(handle, pages, at);
      if (read === len) {
        yield pages;
      } else {
        await refuseShorter(handle, at + read, size);
        if (read === 0) return;
        using last = await this.#socket.allocPages(read, wish);
        await fill(handle, last, at);
        yield last;
      }
      at += read;
    }
  }
}

async function statOf(handle: FileHandle, file: string | FileHandle): Promise<{ size: number }> {
  const stat = await handle.stat();
  if (stat.isFile()) return stat;
  const name = typeof file === 'string' ? file : `descriptor ${file.fd}`;
  throw argumentError('file', name, 'a regular file', 'read it and use sendMany');
}

/** Told of every datagram only where somebody listens. */
function listener(
  { onProgress, onDatagram }: Pick<FileOptions, 'onProgress' | 'onDatagram'>,
  known: number,
): ManyOptions['onDatagram'] {
  if (onProgress === undefined) return onDatagram;
  let sent = 0;
  return (result: SendResult) => {
    sent += result.octets;
    onProgress(sent, Math.max(sent, known));
    onDatagram?.(result);
  };
}

/** Octets from `at` on: what the size tells, or any number where more stands there than it told. */
async function left(handle: FileHandle, at: number, size: number): Promise<number> {
  if (at < size) return size - at;
  const { bytesRead } = await handle.read(new Uint8Array(1), 0, 1, at);
  return bytesRead === 0 ? 0 : Number.POSITIVE_INFINITY;
}

async function fill(handle: FileHandle, pages: Pages, position: number): Promise<number> {
  let done = 0;
  while (done < pages.len) {
    const { bytesRead } = await handle.readv(UserPages.of(pages).rest(done), position + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return done;
}

function checkRange(name: string, value: number, least: number, most: number): void {
  if (!Number.isInteger(value) || value < least || value > most) {
    throw argumentError(name, value, `${least} … ${most} octets`);
  }
}
