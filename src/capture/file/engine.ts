import { type FileHandle, open } from 'node:fs/promises';
import { systemError } from '../../errors.js';
import type { Frame } from '../../wire/frame.js';
import { PcapReader } from '../../wire/pcap-reader.js';
import type { Capture, CaptureStats } from '../capture.js';

export interface FileCaptureOptions {
  /**
   * Read into the same two buffers again and again: a batch is then valid only until the next one is asked for, and nothing
   * of it may be kept. Default false: every batch owns its memory.
   */
  readonly reuse?: boolean;
  /** With `reuse`: the two buffers to read into. */
  readonly buffers?: readonly Uint8Array[];
  /** Octets read at a time into buffers of our own; default 512 KiB. */
  readonly chunkLen?: number;
}

export interface FileCapture extends Capture {
  readonly engine: 'file';
  /** After the last batch: what is missing or wrong at the end of the file; empty where it ended as it should. */
  readonly fault: string;
}

/**
 * A pcap file as a capture; `-` is standard input. Resolves once the file header was read: what cannot be opened rejects
 * as a system error, what is no pcap file with `ERR_UFO_NOT_A_PCAP`. A file that ends within a record delivers what came
 * before, then tells `fault`.
 */
export async function openFileCapture(path: string, options: FileCaptureOptions = {}): Promise<FileCapture> {
  const source = path === '-' ? stdinSource() : await fileSource(path, options);
  const capture = new PcapCapture(path === '-' ? 'standard input' : path, source);
  try {
    await capture.begin();
  } catch (error) {
    await capture.close();
    throw error;
  }
  return capture;
}

/** Chunks one after the other; null at the end. A chunk is valid at least until the next but one is asked for. */
interface Source {
  next(): Promise<Uint8Array | null>;
  close(): Promise<void>;
}

async function fileSource(path: string, options: FileCaptureOptions): Promise<Source> {
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
  return { next, close: () => closeQuietly(handle) };
}

function stdinSource(): Source {
  const chunks = process.stdin[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  return {
    next: async () => {
      const { done, value } = await chunks.next();
      return done ? null : value;
    },
    close: async () => void (await chunks.return?.()),
  };
}

class PcapCapture implements FileCapture {
  readonly engine = 'file';
  readonly source: string;
  readonly #chunks: Source;
  readonly #reader = new PcapReader();
  #first: Frame[] = [];
  #ended = false;
  #received = 0;
  fault = '';

  constructor(source: string, chunks: Source) {
    this.source = source;
    this.#chunks = chunks;
  }

  /** Reads on until the file header is known. */
  async begin(): Promise<void> {
    while (this.#reader.format === undefined) {
      const chunk = await this.#chunks.next();
      if (chunk === null) {
        this.#finish();
        return;
      }
      this.#first = this.#reader.push(chunk);
    }
  }

  /** The next chunk is read while the consumer works on the batch before it. */
  async *[Symbol.asyncIterator](): AsyncGenerator<readonly Frame[]> {
    let frames = this.#first;
    this.#first = [];
    while (!this.#ended) {
      const reading = this.#chunks.next();
      reading.catch(() => {}); // awaited below unless the consumer leaves before
      if (frames.length > 0) yield this.#count(frames);
      const chunk = await reading;
      if (this.#ended) return;
      if (chunk === null) this.#finish();
      else frames = this.#reader.push(chunk);
    }
    await this.close();
  }

  stats(): Promise<CaptureStats> {
    return Promise.resolve({ received: this.#received, lost: null });
  }

  async close(): Promise<void> {
    this.#ended = true;
    await this.#chunks.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #count(frames: readonly Frame[]): readonly Frame[] {
    this.#received += frames.length;
    return frames;
  }

  #finish(): void {
    this.#ended = true;
    this.fault = this.#reader.end().detail;
  }
}

/** Node's own error text names no path for a failed read. */
function failed(error: unknown, syscall: string, path: string): never {
  const { errno } = error as NodeJS.ErrnoException;
  if (errno === undefined) throw error;
  throw systemError(-errno, syscall, { path });
}

async function closeQuietly(handle: FileHandle): Promise<void> {
  await handle.close().catch(() => {});
}
