import { stat } from 'node:fs/promises';
import { argumentError } from '../../errors.js';
import { inputStream } from '../../host/input-stream.js';
import { makePayload } from '../../payload/generated.js';
import { largestOf, type PayloadSizes, sizeOf } from '../../payload/sizes.js';

/** Where the octets to send come from: one of size, data, hex and file, else standard input. */
export interface PayloadOptions {
  readonly size?: PayloadSizes | undefined;
  readonly seed?: number | undefined;
  /** The octets themselves, as they were typed: in text or in hexadecimal. */
  readonly data?: Uint8Array | undefined;
  readonly hex?: Uint8Array | undefined;
  readonly file?: string | undefined;
  /** Datagrams to make; default 1, or as many as a file cut into datagrams gives. */
  readonly count?: number | undefined;
  /** A file or standard input larger than this is cut into datagrams of this size. */
  readonly datagramSize?: number | undefined;
}

/**
 * The payloads to send, one after the other. Generated ones differ from each other; text and octets as typed, a file or
 * standard input are one datagram unless a datagram size is given, and `count` repeats it; with a datagram size `count` is the
 * most there will be. `until` ends waiting for octets, too.
 * @throws UfoError ERR_UFO_INVALID_ARGUMENT naming the option: more octets than one datagram carries; an AbortError
 */
export async function* payloads(
  options: PayloadOptions,
  maxLen: number,
  until?: AbortSignal,
): AsyncGenerator<Uint8Array, void> {
  const { size, seed = 1, file, count = 1, datagramSize } = options;
  if (size !== undefined) {
    checkSize(size, maxLen);
    for (let sequence = 0; sequence < count; sequence++)
      yield makePayload(sizeOf(size, seed, sequence), seed, sequence);
    return;
  }
  if (datagramSize !== undefined) {
    checkDatagramSize(datagramSize, maxLen);
    let left = options.count ?? Number.POSITIVE_INFINITY;
    for await (const piece of pieces(octetsOf(file, until), datagramSize)) {
      yield piece;
      left -= 1;
      if (left <= 0) return;
    }
    return;
  }
  const whole =
    typed(options, maxLen) ??
    (await readWhole(octetsOf(file, until), maxLen, file === undefined ? 'standard input' : '--file'));
  for (let sequence = 0; sequence < count; sequence++) yield whole;
}

/** @throws UfoError ERR_UFO_INVALID_ARGUMENT: more octets than one datagram carries */
export function checkSize(sizes: PayloadSizes, maxLen: number): void {
  const size = largestOf(sizes);
  if (size > maxLen) throw argumentError('--size', size, `0 … ${maxLen} octets with these headers`);
}

/** @throws UfoError ERR_UFO_INVALID_ARGUMENT: more octets than one datagram carries */
export function checkDatagramSize(size: number, maxLen: number): void {
  if (size > maxLen) throw argumentError('--datagram-size', size, `1 … ${maxLen} octets`);
}

/** Whether a file can be read from any place on; not so standard input, pipes and terminals. */
export async function isRegularFile(file: string): Promise<boolean> {
  return file !== '-' && (await stat(file)).isFile();
}

/**
 * How many datagrams `payloads` will give, as far as the size of a file tells: it may grow. Undefined where nothing tells, as
 * for pipes and the files of /proc, whose size is said to be 0.
 */
export async function payloadCount({ size, file, count, datagramSize }: PayloadOptions): Promise<number | undefined> {
  if (size !== undefined || datagramSize === undefined) return count ?? 1;
  if (file === undefined || file === '-') return count;
  const found = await stat(file);
  if (!found.isFile() || found.size === 0) return count;
  return Math.min(count ?? Number.POSITIVE_INFINITY, Math.ceil(found.size / datagramSize));
}

/** @throws UfoError ERR_UFO_INVALID_ARGUMENT: more octets than one datagram carries */
function typed({ data, hex }: PayloadOptions, maxLen: number): Uint8Array | undefined {
  const octets = data ?? hex;
  if (octets === undefined || octets.length <= maxLen) return octets;
  const name = data === undefined ? '--hex' : '--data';
  throw argumentError(
    name,
    `${octets.length} octets`,
    `at most ${maxLen} octets`,
    '--file with --datagram-size cuts it up',
  );
}

async function* octetsOf(file: string | undefined, until?: AbortSignal): AsyncGenerator<Uint8Array, void> {
  yield* await inputStream(file ?? '-', until);
}

async function readWhole(source: AsyncIterable<Uint8Array>, maxLen: number, name: string): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let len = 0;
  for await (const chunk of source) {
    chunks.push(chunk);
    len += chunk.length;
    if (len > maxLen) {
      throw argumentError(
        name,
        `${len} octets or more`,
        `at most ${maxLen} octets`,
        'give --datagram-size to cut it up',
      );
    }
  }
  return Buffer.concat(chunks);
}

async function* pieces(source: AsyncIterable<Uint8Array>, size: number): AsyncGenerator<Uint8Array, void> {
  let held: Buffer = Buffer.alloc(0);
  for await (const chunk of source) {
    held = held.length === 0 ? Buffer.from(chunk) : Buffer.concat([held, chunk]);
    let at = 0;
    for (; held.length - at >= size; at += size) yield held.subarray(at, at + size);
    held = held.subarray(at);
  }
  if (held.length > 0) yield held;
}
