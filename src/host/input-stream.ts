import { constants, createReadStream, openSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Socket } from 'node:net';
import { addAbortSignal, type Readable } from 'node:stream';
import { ERRNO, systemError, UfoError } from '../errors.js';

/** Octets of a plain file that are read at a time. */
const CHUNK_LEN = 1 << 20;

/**
 * The octets of a file, `-` for standard input, as they come. `signal` ends waiting for them: whoever reads gets an AbortError.
 * @throws UfoError EISDIR; a system error for a file that cannot be opened
 */
export async function inputStream(path: string, signal?: AbortSignal): Promise<Readable> {
  const stream = path === '-' ? process.stdin : await fileStream(path);
  return signal === undefined ? stream : addAbortSignal(signal, stream);
}

/** Whether its octets come when somebody else gives them, and are gone once they were read: pipes, terminals, devices. */
export async function isReadOnce(path: string): Promise<boolean> {
  const found = path === '-' ? null : await stat(path).catch(() => null); // what is wrong with it opening it will tell
  return path === '-' || found?.isFIFO() === true || found?.isCharacterDevice() === true;
}

/**
 * The text of one, of `most` characters at the most.
 * @throws UfoError ERR_UFO_UNREADABLE for more; what `inputStream` throws
 */
export async function inputText(path: string, most: number, signal: AbortSignal): Promise<string> {
  let text = '';
  for await (const chunk of await textStream(path, signal)) {
    text += chunk;
    if (text.length > most) throw tooLong(path, `more than ${most} characters`);
  }
  return text;
}

/**
 * Its lines, each of `most` characters at the most.
 * @throws UfoError ERR_UFO_UNREADABLE for a longer one; what `inputStream` throws
 */
export async function* inputLines(path: string, most: number, signal: AbortSignal): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of await textStream(path, signal)) {
    const lines = (rest + chunk).split(/\r?\n/);
    rest = lines.pop()!;
    yield* lines;
    if (rest.length > most) throw tooLong(path, `a line of more than ${most} characters`);
  }
  if (rest !== '') yield rest;
}

async function textStream(path: string, signal: AbortSignal): Promise<AsyncIterable<string>> {
  return (await inputStream(path, signal)).setEncoding('utf8');
}

function tooLong(path: string, reason: string): UfoError {
  return new UfoError('ERR_UFO_UNREADABLE', `${path}: ${reason}`);
}

async function fileStream(path: string): Promise<Readable> {
  const found = await stat(path).catch(() => null); // what is wrong with it opening it will tell
  // Reading one fails too, but by then nobody knows which one it was.
  if (found?.isDirectory()) throw systemError(ERRNO.EISDIR, 'open', { path });
  return found?.isFIFO() ? fifoStream(path) : createReadStream(path, { highWaterMark: CHUNK_LEN });
}

/** A FIFO without a writer is waited for by epoll(7), not by a thread in open(2), which no signal can end. */
function fifoStream(path: string): Readable {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  return new Socket({ fd, readable: true, writable: false });
}
