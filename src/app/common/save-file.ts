import type { ExpectedDatagram } from '../../compare/expected.js';
import { formatHead, formatSent } from '../../compare/file.js';
import { OutputFile } from '../../host/output-file.js';
import type { FlowInfo } from '../../socket/path/info.js';
import { thisMachine } from './machine.js';

/** Octets of lines that are kept for one write. */
const BATCH_LEN = 256 * 1024;
/** Octets that may be on their way into the file before whoever sends waits. */
const MOST_PENDING = 16 * BATCH_LEN;

/** The file of what was sent, as `verify --expect` reads it. */
export class SaveFile implements AsyncDisposable {
  readonly #file: OutputFile;
  readonly #common: Partial<ExpectedDatagram>;
  #lines: string;
  /** The latest write; each waits for the one before it. */
  #written: Promise<void> = Promise.resolve();
  /** Octets that are not written yet. */
  #pending = 0;
  readonly #broken = new AbortController();

  private constructor(file: OutputFile, path: FlowInfo, name: string) {
    const { source, destination, sourcePort, destinationPort, mtu, headers } = path;
    this.#file = file;
    this.#common = { source, destination, sourcePort, destinationPort, mtu, headers };
    this.#lines = formatHead({ interface: name, machine: thisMachine(), common: this.#common });
  }

  /**
   * @param leaves interface that the datagrams leave by; empty for none
   * @throws UfoError of the system: the file cannot be written; it stays as it is until something was sent
   */
  static async open(name: string, path: FlowInfo, leaves: string, signal: AbortSignal): Promise<SaveFile> {
    return new SaveFile(await OutputFile.open(name, signal), path, leaves);
  }

  /** Aborted with what the file could not take: what is sent from then on is written down by nobody. */
  get broken(): AbortSignal {
    return this.#broken.signal;
  }

  /** What sending has to wait for while the file is behind; undefined where it is not. */
  get room(): Promise<void> | undefined {
    return this.#pending < MOST_PENDING ? undefined : this.#written.catch(() => {}); // told by `broken` and `finish`
  }

  add(expected: ExpectedDatagram): void {
    this.#lines += formatSent(expected, this.#common);
    if (this.#lines.length >= BATCH_LEN) this.#flush();
  }

  /** @throws UfoError of the system: ENOSPC */
  async finish(): Promise<void> {
    this.#flush();
    await this.#written;
    await this.#file.finish();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#file[Symbol.asyncDispose]();
  }

  #flush(): void {
    const octets = Buffer.from(this.#lines);
    this.#lines = '';
    this.#pending += octets.length;
    this.#written = this.#written.then(() => this.#file.write(octets));
    const done = (): void => {
      this.#pending -= octets.length;
    };
    this.#written.then(done, (error: unknown) => this.#broken.abort(error));
  }
}
