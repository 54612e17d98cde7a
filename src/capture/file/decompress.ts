import type { Transform } from 'node:stream';
import * as zlib from 'node:zlib';
import { UfoError } from '../../errors.js';
import type { Source } from './source.js';

/** Octets that come out of the decompression at a time. */
const CHUNK_LEN = 1 << 19;
/** Compressed octets taken at a time. */
const PIECE_LEN = 16_384;
/** Octets of compressed data that are kept, so that what came right in front of a damage can be had. */
const MOST_KEPT = 1 << 20;
/** Compressions inside of each other. */
const MOST_DEEP = 4;
/** Octets in front that tell what a file is. */
const MAGIC_LEN = 4;
const GZIP_MAGIC = 0x1f8b;
/** RFC 8878 3.1.1, as it stands in the file. */
const ZSTD_MAGIC = 0x28b52ffd;

/** zstd came to Node's zlib with 22.15 and 23.8. */
const { createZstdDecompress } = zlib as { createZstdDecompress?: (options: { chunkSize: number }) => Transform };

/**
 * `source` as it is, or decompressed where its first octets are those of gzip or zstd; several members one after the other are
 * one file, and what comes out may be compressed again. What is cut or damaged is told by `fault`, after what came before.
 * @throws UfoError for zstd where this Node has none
 */
export async function decompressed(source: Source, depth = 0): Promise<Source> {
  try {
    const { head, chunks } = await peek(source);
    const make = depth < MOST_DEEP ? transformFor(head) : null;
    if (make === null) return replayed(chunks, source);
    return await decompressed(new Decompression(chunks, source, make), depth + 1);
  } catch (error) {
    await source.close();
    throw error;
  }
}

/** Makes what decompresses it. */
function transformFor(head: Uint8Array): (() => Transform) | null {
  if (head.length < MAGIC_LEN) return null;
  const magic = new DataView(head.buffer, head.byteOffset).getUint32(0);
  if (magic >>> 16 === GZIP_MAGIC) return () => zlib.createGunzip({ chunkSize: CHUNK_LEN });
  if (magic !== ZSTD_MAGIC) return null;
  if (createZstdDecompress !== undefined) return () => createZstdDecompress({ chunkSize: CHUNK_LEN });
  throw new UfoError(
    'ERR_UFO_UNREADABLE',
    `zstd-compressed data, which Node ${process.version} cannot decompress`,
    'Node 22.15 and newer can; or: zstd -dc FILE | udp-ufo … -r -',
  );
}

/** The first octets, and the chunks read for them; a chunk is copied where another one had to be read. */
async function peek(source: Source): Promise<{ head: Uint8Array; chunks: Uint8Array[] }> {
  const first = await source.next();
  if (first === null || first.length >= MAGIC_LEN)
    return { head: first ?? new Uint8Array(0), chunks: first ? [first] : [] };
  let head = Buffer.from(first);
  for (let chunk = await source.next(); chunk !== null; chunk = await source.next()) {
    head = Buffer.concat([head, chunk]);
    if (head.length >= MAGIC_LEN) break;
  }
  return { head, chunks: [head] };
}

function replayed(chunks: Uint8Array[], source: Source): Source {
  return {
    next: () => Promise.resolve(chunks.shift() ?? source.next()),
    close: () => source.close(),
    get fault() {
      return source.fault;
    },
  };
}

/**
 * Feeds the decompression by small pieces and takes what comes out at once: a stream's iterator would throw away what was
 * decompressed before an error, and a large piece of a few repeated octets becomes a thousand times as much. Of the piece in
 * which an error is, the stream itself gives nothing: it is fed once more, octet by octet, unless the data were too many to
 * keep.
 */
class Decompression implements Source {
  readonly #source: Source;
  readonly #make: () => Transform;
  readonly #transform: Transform;
  readonly #out: Buffer[] = [];
  /** What was fed; null where it became too much. */
  #fed: Uint8Array[] | null = [];
  #fedLen = 0;
  /** Octets that came out. */
  #given = 0;
  #left: Uint8Array[];
  #ended = false;
  #fault = '';

  constructor(first: Uint8Array[], source: Source, make: () => Transform) {
    this.#source = source;
    this.#make = make;
    this.#left = first;
    this.#transform = make();
    this.#transform.on('data', (chunk: Buffer) => this.#take(chunk));
    this.#transform.on('error', ({ code, message }: NodeJS.ErrnoException) => {
      this.#ended = true;
      const isCut = code === 'Z_BUF_ERROR';
      if (isCut) this.#fed = null; // every piece was taken well: nothing of them is still to come
      this.#fault = isCut ? 'the compressed data is cut' : `the compressed data is damaged: ${message}`;
    });
  }

  /** A fault of the compression around this one comes first: this one is cut by it. */
  get fault(): string {
    return this.#source.fault || this.#fault;
  }

  async next(): Promise<Uint8Array | null> {
    while (this.#out.length === 0 && !this.#ended) await this.#feed();
    if (this.#out.length === 0 && this.#fault !== '') await this.#feedAgain();
    return this.#out.shift() ?? null;
  }

  async close(): Promise<void> {
    this.#transform.destroy();
    await this.#source.close();
  }

  #take(chunk: Buffer): void {
    this.#out.push(chunk);
    this.#given += chunk.length;
  }

  async #feed(): Promise<void> {
    const chunk = this.#left.shift() ?? (await this.#source.next());
    if (chunk === null) {
      await settled(this.#transform, (done) => this.#transform.end().once('end', done));
      this.#ended = true;
      return;
    }
    if (chunk.length > PIECE_LEN) this.#left.unshift(chunk.subarray(PIECE_LEN));
    const piece = chunk.subarray(0, PIECE_LEN);
    this.#keep(piece);
    await settled(this.#transform, (done) => this.#transform.write(piece, done));
  }

  /** A copy, for the source may use its buffer again. */
  #keep(piece: Uint8Array): void {
    this.#fedLen += piece.length;
    if (this.#fedLen > MOST_KEPT) this.#fed = null;
    this.#fed?.push(piece.slice());
  }

  async #feedAgain(): Promise<void> {
    const fed = this.#fed;
    this.#fed = null;
    const last = fed?.pop();
    if (last === undefined) return;
    const transform = this.#make().on('error', () => {});
    let passed = 0;
    transform.on('data', (chunk: Buffer) => {
      const known = Math.min(chunk.length, Math.max(0, this.#given - passed));
      passed += chunk.length;
      if (known < chunk.length) this.#take(chunk.subarray(known));
    });
    const pieces = [...fed!, ...Array.from(last, (octet) => Uint8Array.of(octet))];
    for (const piece of pieces) {
      if (transform.destroyed) break;
      await settled(transform, (done) => transform.write(piece, done));
    }
    transform.destroy();
  }
}

/** Resolves when `begin` calls back, or the stream is closed after a failure of which its `error` event tells. */
function settled(stream: Transform, begin: (done: () => void) => void): Promise<void> {
  return new Promise((resolve) => {
    stream.once('close', resolve);
    begin(() => {
      stream.off('close', resolve);
      resolve();
    });
  });
}
