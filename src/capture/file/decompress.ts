import type { Transform } from 'node:stream';
import * as zlib from 'node:zlib';
import { UfoError } from '../../errors.js';
import type { Source } from './source.js';

/** Octets that come out of the decompression at a time. */
const CHUNK_LEN = 1 << 19;
/** Octets in front that tell what a file is. */
/** Compressed octets taken at a time. */
const PIECE_LEN = 16_384;
const MAGIC_LEN = 4;
const GZIP_MAGIC = 0x1f8b;
/** RFC 8878 3.1.1, as it stands in the file. */
const ZSTD_MAGIC = 0x28b52ffd;

/** zstd came to Node's zlib with 22.15 and 23.8. */
const { createZstdDecompress } = zlib as { createZstdDecompress?: (options: { chunkSize: number }) => Transform };

/**
 * `source` as it is, or decompressed where its first octets are those of gzip or zstd; several members one after the other
 * are one file. What is cut or damaged is told by `fault`, after everything before it. @throws UfoError for zstd where this
 * Node has none
 */
export async function decompressed(source: Source): Promise<Source> {
  try {
    const { head, chunks } = await peek(source);
    const transform = transformFor(head);
    return transform === null ? replayed(chunks, source) : new Decompression(chunks, source, transform);
  } catch (error) {
    await source.close();
    throw error;
  }
}

function transformFor(head: Uint8Array): Transform | null {
  if (head.length < MAGIC_LEN) return null;
  const magic = new DataView(head.buffer, head.byteOffset).getUint32(0);
  if (magic >>> 16 === GZIP_MAGIC) return zlib.createGunzip({ chunkSize: CHUNK_LEN });
  if (magic !== ZSTD_MAGIC) return null;
  if (createZstdDecompress !== undefined) return createZstdDecompress({ chunkSize: CHUNK_LEN });
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
    fault: '',
  };
}

/**
 * Feeds the decompression by small pieces and takes what comes out at once: a stream's iterator would throw away what was
 * decompressed before an error, and a large piece of a few repeated octets becomes a thousand times as much.
 */
class Decompression implements Source {
  readonly #source: Source;
  readonly #transform: Transform;
  readonly #out: Buffer[] = [];
  #left: Uint8Array[];
  #ended = false;
  fault = '';

  constructor(first: Uint8Array[], source: Source, transform: Transform) {
    this.#source = source;
    this.#transform = transform;
    this.#left = first;
    transform.on('data', (chunk: Buffer) => this.#out.push(chunk));
    transform.on('error', ({ code, message }: NodeJS.ErrnoException) => {
      this.#ended = true;
      this.fault = code === 'Z_BUF_ERROR' ? 'the compressed data is cut' : `the compressed data is damaged: ${message}`;
    });
  }

  async next(): Promise<Uint8Array | null> {
    while (this.#out.length === 0 && !this.#ended) await this.#feed();
    return this.#out.shift() ?? null;
  }

  async close(): Promise<void> {
    this.#transform.destroy();
    await this.#source.close();
  }

  async #feed(): Promise<void> {
    const chunk = this.#left.shift() ?? (await this.#source.next());
    if (chunk === null) {
      await settled(this.#transform, (done) => this.#transform.end().once('end', done));
      this.#ended = true;
      return;
    }
    if (chunk.length > PIECE_LEN) this.#left.unshift(chunk.subarray(PIECE_LEN));
    await settled(this.#transform, (done) => this.#transform.write(chunk.subarray(0, PIECE_LEN), done));
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
