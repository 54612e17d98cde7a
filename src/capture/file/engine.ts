import { CaptureReader } from '../../wire/capture-reader.js';
import type { Frame } from '../../wire/frame.js';
import { framesOf, type RecordRun } from '../../wire/record-run.js';
import type { Capture, CaptureStats } from '../capture.js';
import { decompressed } from './decompress.js';
import { openSource, type Source, type SourceOptions } from './source.js';

export interface FileCaptureOptions extends SourceOptions {
  /**
   * Read into the same two buffers again and again: a batch is then valid only until the next one is asked for, and nothing
   * of it may be kept. Default false: every batch owns its memory.
   */
  readonly reuse?: boolean;
}

export interface FileCapture extends Capture {
  readonly engine: 'file';
  /** The same as iterating, as runs of records: no object a frame. To be read instead, once. */
  runs(): AsyncGenerator<readonly RecordRun[]>;
  /** After the last batch: what is missing or wrong at the end of the file; empty where it ended as it should. */
  readonly fault: string;
  /** After the last batch: what a person should know of the file, and is no fault. */
  readonly remarks: readonly string[];
  /** After the last batch: comments on the file as a whole; those on frames are with the frames. */
  readonly comments: readonly string[];
}

/**
 * A capture file: pcap or pcapng, compressed by gzip (or zstd, where Node has it) or not; `-` is standard input. Resolves
 * once the file header was read: what cannot be opened rejects as a system error, what is no capture with
 * `ERR_UFO_NOT_A_PCAP`. A file that ends within a record delivers what came before, then tells `fault`.
 */
export async function openFileCapture(path: string, options: FileCaptureOptions = {}): Promise<FileCapture> {
  const octets = await decompressed(await openSource(path, options));
  const capture = new FileReading(path === '-' ? 'standard input' : path, octets);
  try {
    await capture.begin();
  } catch (error) {
    await capture.close();
    throw error;
  }
  return capture;
}

/** What a file that was read to its end says of itself, for people. */
export function fileNotes({ remarks, comments }: Pick<FileCapture, 'remarks' | 'comments'>): string[] {
  return [...remarks, ...comments.map((text) => `comment: ${text}`)];
}

class FileReading implements FileCapture {
  readonly engine = 'file';
  readonly source: string;
  readonly #chunks: Source;
  readonly #reader = new CaptureReader();
  #first: readonly RecordRun[] = [];
  #ended = false;
  #received = 0;
  fault = '';

  constructor(source: string, chunks: Source) {
    this.source = source;
    this.#chunks = chunks;
  }

  get remarks(): readonly string[] {
    return this.#reader.remarks;
  }

  get comments(): readonly string[] {
    return this.#reader.comments;
  }

  /** Reads on until the file header is known. */
  async begin(): Promise<void> {
    while (!this.#reader.begun) {
      const chunk = await this.#chunks.next();
      if (chunk === null) {
        this.#finish();
        return;
      }
      this.#first = this.#reader.runs(chunk);
    }
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<readonly Frame[]> {
    for await (const runs of this.runs()) yield framesOf(runs);
  }

  /** The next chunk is read while the consumer works on the batch before it. */
  async *runs(): AsyncGenerator<readonly RecordRun[]> {
    let runs = this.#first;
    this.#first = [];
    while (!this.#ended) {
      const reading = this.#chunks.next();
      reading.catch(() => {}); // awaited below unless the consumer leaves before
      if (runs.length > 0) yield this.#count(runs);
      const chunk = await reading.catch((error: unknown) => {
        if (!this.#ended) throw error;
        return null; // closed while it waited
      });
      if (this.#ended) return;
      if (chunk === null) this.#finish();
      else runs = this.#reader.runs(chunk);
    }
    await this.close();
  }

  stats(): Promise<CaptureStats> {
    return Promise.resolve({ received: this.#received, lost: this.#reader.lost });
  }

  async close(): Promise<void> {
    this.#ended = true;
    await this.#chunks.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #count(runs: readonly RecordRun[]): readonly RecordRun[] {
    for (const { frames } of runs) this.#received += frames;
    return runs;
  }

  #finish(): void {
    this.#ended = true;
    const { detail } = this.#reader.end();
    this.fault = [this.#chunks.fault, detail].filter((text) => text !== '').join('; ');
  }
}
