import { constants, type FileHandle, open } from 'node:fs/promises';
import { argumentError } from '../errors.js';
import type { SendSummary } from './flight/datagram.js';
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
 * Reads a file straight into user pages (`readv`), datagram by datagram, and sends the pages: no copy of ours between disk
 * and device. The last datagram has what is left.
 * A file that ends before `offset + length` is sent as far as it goes.
 * @throws UfoError for a datagram size that does not fit, or a file that has become shorter meanwhile; the file's own system
 *   error; what went before is in `summary`
 */
export async function sendFile(
  socket: PageSender,
  file: string | FileHandle,
  options: FileOptions,
): Promise<SendSummary> {
  const { datagramSize, offset = 0, length = Number.MAX_SAFE_INTEGER } = options;
  checkRange('datagramSize', datagramSize, 1, 65_527);
  checkRange('offset', offset, 0, Number.MAX_SAFE_INTEGER);
  checkRange('length', length, 0, Number.MAX_SAFE_INTEGER);
  const handle = typeof file === 'string' ? await open(file, READ) : file;
  try {
    const stat = await handle.stat();
    if (!stat.isFile())
      throw argumentError(
        'file',
        typeof file === 'string' ? file : `descriptor ${file.fd}`,
        'a regular file',
        'read it and use sendMany',
      );
    const end = Math.max(offset, Math.min(stat.size, offset + length));
    let sent = 0;
    return await socket.sendMany(filePages(socket, handle, offset, end, options), {
      ...options,
      onDatagram: (result) => {
        sent += result.octets;
        options.onProgress?.(sent, end - offset);
        options.onDatagram?.(result);
      },
    });
  } finally {
    if (typeof file === 'string') await handle.close();
  }
}

/** Pages full of file; ours are given back when the next are asked for, and the datagram made of them holds them on. */
async function* filePages(
  socket: PageSender,
  handle: FileHandle,
  start: number,
  end: number,
  { datagramSize, signal }: FileOptions,
): AsyncGenerator<Pages, void> {
  for (let at = start; at < end; ) {
    const len = Math.min(datagramSize, end - at);
    using pages = await socket.allocPages(len, signal === undefined ? {} : { signal });
    const read = await fill(handle, pages, at);
    if (read < len) throw argumentError('file', `an end at octet ${at + read}`, `${end} octets, as when it was opened`);
    yield pages;
    at += len;
  }
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
