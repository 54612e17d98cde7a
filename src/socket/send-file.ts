import { type FileHandle, open } from 'node:fs/promises';
import { argumentError } from '../errors.js';
import type { SendSummary } from './datagram.js';
import type { FileOptions, ManyOptions } from './options.js';
import type { Pages } from './pages.js';

/** What sending a file needs of a socket. */
export interface PageSender {
  allocPages(len: number, options?: { readonly signal?: AbortSignal }): Promise<Pages>;
  sendMany(source: AsyncIterable<Pages>, to?: ManyOptions): Promise<SendSummary>;
}

/**
 * Reads a file straight into user pages (`readv`), datagram by datagram, and sends the pages: no copy of ours between disk
 * and device. The last datagram has what is left.
 * @throws UfoError for a datagram size that does not fit, or the file's own system error; what went before is in `summary`
 */
export async function sendFile(
  socket: PageSender,
  file: string | FileHandle,
  options: FileOptions,
): Promise<SendSummary> {
  const { datagramSize, offset = 0 } = options;
  if (!Number.isInteger(datagramSize) || datagramSize < 1 || datagramSize > 65_527) {
    throw argumentError('datagramSize', datagramSize, '1 … 65527 octets');
  }
  const handle = typeof file === 'string' ? await open(file) : file;
  try {
    const { size } = await handle.stat();
    const end = Math.min(size, offset + (options.length ?? size));
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
    const { bytesRead } = await handle.readv(pages.rest(done), position + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return done;
}
