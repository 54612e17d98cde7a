import { open, stat } from 'node:fs/promises';
import { systemError, usageError } from '../../errors.js';
import type { Frame } from '../../wire/frame.js';
import { pcapFormat } from '../../wire/pcap-format.js';
import { PcapWriter } from '../../wire/pcap-writer.js';

/**
 * A pcap file that is opened, and so emptied, only when the first frames are there: a command that fails before leaves what
 * stood in the file. `-` is stdout, which stays open.
 */
export class PcapOutput {
  readonly #path: string;
  readonly #linktype: number;
  #writer: PcapWriter | undefined;

  constructor(path: string, linktype: number) {
    this.#path = path;
    this.#linktype = linktype;
  }

  /** Frames written. */
  get frames(): number {
    return this.#writer?.frames ?? 0;
  }

  /** @throws UfoError of the system: the file cannot be opened. */
  async write(frames: readonly Frame[]): Promise<void> {
    this.#writer ??= await this.#open();
    await this.#writer.write(frames);
  }

  /** A file without frames gets its header. */
  async close(): Promise<void> {
    this.#writer ??= await this.#open();
    await this.#writer.close({ end: this.#path !== '-' });
  }

  async #open(): Promise<PcapWriter> {
    const format = pcapFormat(this.#linktype);
    if (this.#path === '-') return new PcapWriter(process.stdout, format);
    const handle = await open(this.#path, 'w').catch((error: NodeJS.ErrnoException) => {
      throw error.errno === undefined ? error : systemError(-error.errno, 'open', { path: this.#path });
    });
    return new PcapWriter(handle.createWriteStream(), format);
  }
}

/** @throws UfoError ERR_UFO_USAGE where `output` is the regular file that `input` is: it would be emptied while it is read. */
export async function refuseSameFile(input: string | undefined, output: string, option: string): Promise<void> {
  if (input === undefined || input === '-' || output === '-') return;
  const found = await Promise.all([input, output].map((path) => stat(path).catch(() => null)));
  const [from, to] = found;
  if (!from?.isFile() || from.dev !== to?.dev || from.ino !== to.ino) return;
  throw usageError(`${option}: ${output} is the file that is read`, 'write to another file');
}
