import { readSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { systemError } from '../../errors.js';
import { inputStream, isReadOnce } from '../../host/input-stream.js';

/** Longest time between two turns of the event loop. */
const TURN_MS = 5;

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
  /** Ends waiting for octets that somebody is still to write; whoever reads gets its reason as the error. */
  readonly signal?: AbortSignal;
}

/**
 * The octets of a file as they are; `-` is standard input. Files are read until they end, whatever their size is said to be.
 * @throws a system error for a file that cannot be opened or read
 */
export async function openSource(path: string, options: SourceOptions): Promise<Source> {
  const { signal } = options;
  return (await isReadOnce(path)) ? streamSource(await inputStream(path, signal), signal) : fileSource(path, options);
}

async function fileSource(path: string, options: SourceOptions): Promise<Source> {
  const { reuse = false, buffers = [], chunkLen = 1 << 19 } = options;
  const handle = await open(path).catch((error: unknown) => failed(error, 'open', path));
  const kept: (Uint8Array | undefined)[] = reuse ? buffers.slice(0, 2) : [];
  const isPlain = await handle.stat().then(
    (stat) => stat.isFile(),
    () => false, // read as what may make us wait
  );
  const read = isPlain ? atOnce(handle) : (buffer: Uint8Array) => inBackground(handle, buffer);
  let turn = 0;
  const next = async (): Promise<Uint8Array | null> => {
    const buffer = kept[turn] ?? Buffer.allocUnsafeSlow(chunkLen);
    if (reuse) kept[turn] = buffer;
    turn ^= 1;
    const octets = await read(buffer).catch((error: unknown) => failed(error, 'read', path));
    return octets === 0 ? null : buffer.subarray(0, octets);
  };
  return { next, close: () => handle.close().catch(() => {}), fault: '' };
}

type Read = (buffer: Uint8Array) => Promise<number>;

/** Nothing keeps a plain file's octets waiting for long, and handing the work to another thread costs more than doing it. */
function atOnce({ fd }: FileHandle): Read {
  let due = performance.now() + TURN_MS;
  return async (buffer) => {
    const octets = readSync(fd, buffer, 0, buffer.length, null);
    if (performance.now() < due) return octets;
    await setImmediate(); // whoever only awaits this would never let timers and signals have their turn
    due = performance.now() + TURN_MS;
    return octets;
  };
}

async function inBackground(handle: FileHandle, buffer: Uint8Array): Promise<number> {
  return (await handle.read(buffer, 0, buffer.length, null)).bytesRead;
}

function streamSource(stream: Readable, signal: AbortSignal | undefined): Source {
  const chunks = stream[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  return {
    next: async () => {
      const { done, value } = await chunks.next().catch((error: unknown) => {
        signal?.throwIfAborted();
        throw error;
      });
      return done ? null : value;
    },
    close: async () => void stream.destroy(), // the iterator's own return would wait for what it was asked for last
    fault: '',
  };
}

/** Node's own error text names no path for a failed read. */
function failed(error: unknown, syscall: string, path: string): never {
  const { errno } = error as NodeJS.ErrnoException;
  if (errno === undefined) throw error;
  throw systemError(-errno, syscall, { path });
}
