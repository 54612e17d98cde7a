import type { Writable } from 'node:stream';
import { writeError } from '../../host/write-error.js';
import { OutputClosedError } from './exit-codes.js';

/** The stdout and stderr of a command. Results go through `line` and `json`, everything else through `note`. */
export interface Output {
  /**
   * Writes `text` and a newline. Returns a promise to await when the reader is slower than we are (back-pressure), nothing
   * otherwise. Throws `OutputClosedError`, or rejects with it, once the reader is gone.
   */
  line(text: string): Promise<void> | undefined;
  /** One JSON object on a line of its own; a bigint becomes a number where that is exact, else a string. */
  json(value: object): Promise<void> | undefined;
  /** A remark for people, on stderr. */
  note(text: string): void;
  /** From now on a file is written to standard output, and results go where notes do. */
  stepAside(): void;
  /** Resolves when everything written has left the process. */
  end(): Promise<void>;
  /** Aborted, with an `OutputClosedError` as its reason, when the reader goes: work that nobody reads should stop. */
  readonly signal: AbortSignal;
}

/** Wraps `stream`; one wrapper per stream, for it owns the stream's `error` event. `diagnostics` takes the notes. */
export function createOutput(
  stream: Writable = process.stdout,
  diagnostics: Writable | undefined = process.stderr,
): Output {
  const closing = new AbortController();
  let failure: Error | undefined;
  let results: Writable | undefined = stream;
  /** One wait for all who write meanwhile. */
  let draining: Promise<void> | undefined;
  stream.on('error', (error: NodeJS.ErrnoException) => {
    const gone = error.code === 'EPIPE' || error.code === 'ERR_STREAM_DESTROYED' || error.code === 'ECONNRESET';
    failure ??= gone ? new OutputClosedError() : asWritten(error);
    closing.abort(failure);
  });
  // A closed stderr must not kill a command whose results are read by somebody.
  diagnostics?.on('error', () => {});

  const write = (text: string): Promise<void> | undefined => {
    if (failure !== undefined) throw failure;
    if (results === undefined || results.destroyed || results.write(text)) return undefined;
    draining ??= drained(results, closing.signal).finally(() => {
      draining = undefined;
    });
    return draining;
  };
  return {
    line: (text) => write(`${text}\n`),
    json: (value) => write(`${JSON.stringify(value, plainNumber)}\n`),
    note: (text) => void diagnostics?.write(`${text}\n`),
    stepAside: () => {
      results = diagnostics;
    },
    end: () => flushed(stream),
    signal: closing.signal,
  };
}

/** A stream's error names no file. */
function asWritten(error: NodeJS.ErrnoException): Error {
  return error.errno === undefined ? error : writeError(Math.abs(error.errno), 'standard output');
}

function drained(stream: Writable, closed: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (how: () => void) => (): void => {
      closed.removeEventListener('abort', onClose);
      for (const event of ['drain', 'close']) stream.off(event, onDrain); // 'close': of stderr, whose error is nobody's
      how();
    };
    const onDrain = settle(resolve);
    const onClose = settle(() => reject(closed.reason));
    for (const event of ['drain', 'close']) stream.on(event, onDrain);
    closed.addEventListener('abort', onClose);
  });
}

/** An empty write is called back after everything before it, and with an error once the stream is broken: an end as well. */
function flushed(stream: Writable): Promise<void> {
  if (stream.destroyed || stream.writableEnded) return Promise.resolve();
  return new Promise((resolve) => stream.write('', () => resolve()));
}

function plainNumber(_key: string, value: unknown): unknown {
  if (typeof value !== 'bigint') return value;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value.toString();
}
