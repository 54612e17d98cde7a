import { Writable } from 'node:stream';
import { OutputFile } from './output-file.js';

export interface OutputStream {
  readonly stream: Writable;
  /** Whether a file stands there, which is to stay where nothing is written. */
  readonly replaces: boolean;
}

/**
 * A file that a user named as a stream: opened and checked when this resolves, untouched until the first octets are written,
 * and left alone for good where none ever are. @throws UfoError of the system
 */
export async function openOutputStream(path: string, signal?: AbortSignal): Promise<OutputStream> {
  const file = await OutputFile.open(path, signal);
  let begun = false;
  const stream = new Writable({
    write(chunk: Uint8Array, _encoding, done) {
      begun = true;
      file.write(chunk).then(() => done(), done);
    },
    final(done) {
      (begun ? file.finish() : file[Symbol.asyncDispose]()).then(() => done(), done);
    },
    destroy(error, done) {
      file[Symbol.asyncDispose]().then(() => done(error), done);
    },
  });
  return { stream, replaces: file.replaces };
}
