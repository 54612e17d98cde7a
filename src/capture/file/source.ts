import { open } from 'node:fs/promises';
import { systemError } from '../../errors.js';

/** Octets of a file, chunk by chunk; null at the end. */
export interface Source {
  /** A chunk is valid at least until the next but one is asked for, or for as long as it is kept where buffers are fresh. */
  next(): Promise<Uint8Array | null>;
  close(): Promise<void>;
  /** After the end: what is missing or wrong of the compression; empty where nothing is. */
  readonly fault: string;
}

export interface SourceOptions {
  /** Read into the same two buffers again and again. */
  readonly reuse?: boolean;
  /** With `reuse`: the two buffers to read into. */
  readonly buffers?: readonly Uint8Array[];
  /** Octets read at a time into buffers of our own; default 512 KiB. */
  readonly chunkLen?: number;
}

/**
 * The octets of a file as they are; `-` is standard input. Files are read until they end, whatever their size is said to be.
 * @throws a system error for a file that cannot be opened or read
 */
export async function openSource(path: string, options: SourceOptions): Promise<Source> {
  return path === '-' ? stdinSource() : fileSource(path, options);
}

async function fileSource(path: string, options: SourceOptions): Promise<Source> {
  const { reuse = false, buffers = [], chunkLen = 1 << 19 } = options;
  const handle = await open(path).catch((error: unknown) => failed(error, 'open', path));
  const kept: (Uint8Array | undefined)[] = reuse ? buffers.slice(0, 2) : [];
  let turn = 0;
  const next = async (): Promise<Uint8Array | null> => {
    const buffer = kept[turn] ?? Buffer.allocUnsafeSlow(chunkLen);
    if (reuse) kept[turn] = buffer;
    turn ^= 1;
    const { bytesRead } = await handle
      .read(buffer, 0, buffer.length, null)
      .catch((error: unknown) => failed(error, 'read', path));
    return bytesRead === 0 ? null : buffer.subarray(0, bytesRead);
  };
  return { next, close: () => handle.close().catch(() => {}), fault: '' };
}

function stdinSource(): Source {
  const chunks = process.stdin[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  return {
    next: async () => {
      const { done, value } = await chunks.next();
      return done ? null : value;
    },
    close: async () => void (await chunks.return?.()),
    fault: '',
  };
}

/** Node's own error text names no path for a failed read. */
function failed(error: unknown, syscall: string, path: string): never {
  const { errno } = error as NodeJS.ErrnoException;
  if (errno === undefined) throw error;
  throw systemError(-errno, syscall, { path });
}
