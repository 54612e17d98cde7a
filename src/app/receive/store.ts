import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { hasName, willHaveName } from '../../host/files-to-come.js';
import { OutputFile } from '../../host/output-file.js';
import { makeFolder } from '../../host/output-folder.js';

/** Where payloads go. */
export interface DatagramStore extends AsyncDisposable {
  /** Takes one payload, in the order of the calls; the buffer must stay as it is until the promise settles. */
  put(bytes: Uint8Array): Promise<void>;
  /** The work has succeeded: resolves when all is written. Disposing of the store instead waits for nothing. */
  finish(): Promise<void>;
  /** Whether payloads go to standard output, where nothing else may then be written. */
  readonly toStdout: boolean;
}

/**
 * A folder that exists, or a path with `/` at the end, gets a file per datagram; any other path all payloads in order, `-`
 * standard output. @throws UfoError of the system: it cannot be written
 */
export async function openStore(path: string, signal?: AbortSignal): Promise<DatagramStore> {
  const folder = path.endsWith('/') || (await isFolder(path));
  return folder ? folderStore(path, signal) : fileStore(await OutputFile.open(path, signal));
}

function folderStore(path: string, signal?: AbortSignal): DatagramStore {
  makeFolder(path);
  const ofAll = {};
  willHaveName(ofAll, path);
  let datagrams = 0;
  const queue = new Queue();
  const write = async (name: string, bytes: Uint8Array): Promise<void> => {
    await using file = await OutputFile.open(join(path, name), signal);
    await file.write(bytes);
    await file.finish();
  };
  return {
    toStdout: false,
    put(bytes) {
      const name = `${String(++datagrams).padStart(6, '0')}.bin`;
      return queue.add(() => write(name, bytes));
    },
    finish: () => queue.drained(),
    [Symbol.asyncDispose]: async () => hasName(ofAll),
  };
}

function fileStore(file: OutputFile): DatagramStore {
  const queue = new Queue();
  return {
    toStdout: file.isStdout,
    put: (bytes) => queue.add(() => file.write(bytes)),
    async finish() {
      await queue.drained();
      await file.finish();
    },
    [Symbol.asyncDispose]: () => file[Symbol.asyncDispose](),
  };
}

/** One after the other, in order; after a failure none. */
class Queue {
  #last: Promise<void> = Promise.resolve();

  add(work: () => Promise<void>): Promise<void> {
    this.#last = this.#last.then(work);
    return this.#last;
  }

  drained(): Promise<void> {
    return this.#last;
  }
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
