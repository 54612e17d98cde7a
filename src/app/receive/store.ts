import { mkdir, open, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Where payloads go. */
export interface DatagramStore {
  /** Takes one payload, in the order of the calls; the buffer must stay as it is until the promise settles. */
  put(bytes: Uint8Array): Promise<void>;
  close(): Promise<void>;
}

/** A folder that exists, or a path with `/` at the end, gets a file per datagram; any other path all payloads in order. */
export async function openStore(path: string): Promise<DatagramStore> {
  const folder = path.endsWith('/') || (await isFolder(path));
  return folder ? folderStore(path) : fileStore(path);
}

async function folderStore(path: string): Promise<DatagramStore> {
  await mkdir(path, { recursive: true });
  let datagrams = 0;
  const queue = new Queue();
  return {
    put(bytes) {
      const name = `${String(++datagrams).padStart(6, '0')}.bin`;
      return queue.add(() => writeFile(join(path, name), bytes));
    },
    close: () => queue.drained(),
  };
}

async function fileStore(path: string): Promise<DatagramStore> {
  const handle = await open(path, 'w');
  const queue = new Queue();
  return {
    put: (bytes) => queue.add(() => handle.writeFile(bytes)),
    async close() {
      await queue.drained();
      await handle.close();
    },
  };
}

/** One after the other, in order. */
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
