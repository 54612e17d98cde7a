import type { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { ERRNO, systemError } from '../../errors.js';

/** Octets of a chunk. */
export const CHUNK_LEN = 262_144;
/** Chunks under way at most: one is filled while another one is written. */
const CHUNKS = 2;

/**
 * Writes to a stream from chunks that are used again, so that a long run makes no garbage and at most
 * CHUNKS × CHUNK_LEN octets wait. `take` gives none while all are under way.
 */
export class ChunkWriter {
  readonly #stream: Writable;
  readonly #free: Buffer[] = [];
  #made = 0;
  #pending = 0;
  #failure: Error | null = null;
  readonly #waiting = new Set<() => void>();

  constructor(stream: Writable) {
    this.#stream = stream;
    stream.on('error', this.#fail);
    stream.on('close', this.#closed);
  }

  /** What the stream failed with, if it did. */
  get failure(): Error | null {
    return this.#failure;
  }

  /** A chunk to fill, or null: wait for `ready`. */
  take(): Buffer | null {
    const chunk = this.#free.pop();
    if (chunk !== undefined) return chunk;
    if (this.#made === CHUNKS) return null;
    this.#made += 1;
    return Buffer.allocUnsafeSlow(CHUNK_LEN);
  }

  /** Writes the first `len` octets of a taken chunk, which is the writer's again. */
  put(chunk: Buffer, len: number): void {
    this.#pending += 1;
    this.#stream.write(len === chunk.length ? chunk : chunk.subarray(0, len), (error) => {
      this.#pending -= 1;
      this.#free.push(chunk);
      if (error) this.#fail(error);
      this.#wakeAll();
    });
  }

  /** Resolves when a chunk is free or the stream has failed. */
  ready(signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    if (this.#free.length > 0 || this.#made < CHUNKS || this.#failure !== null) return Promise.resolve();
    return this.#wait(signal);
  }

  /** Resolves when all is written, and the stream ended where `end`; rejects with its failure. */
  async close(end: boolean): Promise<void> {
    while (this.#pending > 0 && this.#failure === null) await this.#wait();
    this.#stream.off('close', this.#closed);
    if (this.#failure !== null) {
      if (this.#stream.destroyed) await finished(this.#stream).catch(() => {}); // it may have a file to take away
      throw this.#failure;
    }
    if (end) {
      this.#stream.end();
      await finished(this.#stream, { readable: false }); // closed as well, where it says so: a disk may tell only then
    }
    this.#stream.off('error', this.#fail);
  }

  readonly #fail = (error: Error): void => {
    this.#failure ??= error;
    this.#wakeAll();
  };

  /** Destroyed by somebody else: what was not written never will be. */
  readonly #closed = (): void => this.#fail(systemError(ERRNO.EPIPE, 'write', { reason: 'the stream was closed' }));

  #wait(signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const wake = (): void => {
        signal?.removeEventListener('abort', abort);
        this.#waiting.delete(wake);
        resolve();
      };
      const abort = (): void => {
        this.#waiting.delete(wake);
        reject(signal?.reason);
      };
      signal?.addEventListener('abort', abort, { once: true });
      this.#waiting.add(wake);
    });
  }

  #wakeAll(): void {
    for (const wake of [...this.#waiting]) wake();
  }
}
