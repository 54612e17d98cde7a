import { OutputFile } from '../../host/output-file.js';
import { encodeFrames } from '../../wire/capture-encoder.js';
import { type CaptureFormat, captureFormat, captureKind } from '../../wire/capture-format.js';
import type { Frame } from '../../wire/frame.js';

/** A capture file for frames of ours: pcap, or pcapng where its name asks for it. */
export class CaptureOutput implements AsyncDisposable {
  readonly #file: OutputFile;
  readonly #format: CaptureFormat;
  /** On the file as a whole, for pcapng: written with the first frames. */
  comments: readonly string[] = [];
  #begun = false;
  #frames = 0;

  private constructor(file: OutputFile, format: CaptureFormat) {
    this.#file = file;
    this.#format = format;
  }

  /** @throws UfoError of the system: the file cannot be written. It is left as it is until the first frames come. */
  static async open(path: string, linktype: number, signal?: AbortSignal): Promise<CaptureOutput> {
    const file = await OutputFile.open(path, signal);
    return new CaptureOutput(file, captureFormat(captureKind(path), { linktype }));
  }

  /** Frames written. */
  get frames(): number {
    return this.#frames;
  }

  /** The frames may be used again when it resolves. @throws UfoError of the system: ENOSPC, EPIPE */
  async write(frames: readonly Frame[]): Promise<void> {
    if (frames.length === 0) return;
    const octets = encodeFrames(frames, this.#format);
    await this.#file.write(this.#begun ? octets : Buffer.concat([this.#format.header(this.comments), octets]));
    this.#begun = true;
    this.#frames += frames.length;
  }

  /** All went well: a file without frames gets its header. */
  async finish(): Promise<void> {
    if (!this.#begun) await this.#file.write(this.#format.header(this.comments));
    const trailer = this.#format.trailer({ received: this.#frames, lost: 0 });
    if (trailer.length > 0) await this.#file.write(trailer);
    await this.#file.finish();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#file[Symbol.asyncDispose]();
  }
}
