import { stat } from 'node:fs/promises';
import { UfoError } from '../errors.js';
import { isReadOnce } from './input-stream.js';

/** A file that is read several times, each time from its beginning: what was found in it once holds for the next time. */
export class SameFile {
  readonly #path: string;
  #known: string | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  /** It was checked, and so read, before. */
  get known(): boolean {
    return this.#known !== undefined;
  }

  /**
   * Before each reading, and behind all but the first. What can be read but once is never another.
   * @throws UfoError ERR_UFO_UNREADABLE where another file stands there than the first time, or it was written to
   */
  async check(): Promise<void> {
    if (await isReadOnce(this.#path)) return;
    const now = await identity(this.#path);
    this.#known ??= now;
    if (now === this.#known) return;
    const reason = 'it has changed since it was read first';
    throw new UfoError('ERR_UFO_UNREADABLE', `${this.#path}: ${reason}`, 'read a copy of it, or wait for its writer');
  }
}

/** What is wrong with it opening it will tell. */
async function identity(path: string): Promise<string> {
  const found = await stat(path, { bigint: true }).catch(() => null);
  if (found === null) return '';
  const { dev, ino, size, mtimeNs, ctimeNs } = found;
  return [dev, ino, size, mtimeNs, ctimeNs].join();
}
