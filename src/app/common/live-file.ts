import type { CaptureChild, CaptureChildOptions } from '../../capture/child/process.js';
import type { FileWish } from '../../capture/child/protocol.js';
import { OutputFile } from '../../host/output-file.js';
import { captureFormat, captureKind } from '../../wire/capture-format.js';

/** The file of a live capture: the capture process writes to its descriptor, and we give it its name. */
export class LiveFile implements AsyncDisposable {
  readonly #file: OutputFile;
  /** What the capture process is told of it. */
  readonly wish: FileWish;

  private constructor(file: OutputFile, comments: boolean) {
    this.#file = file;
    this.wish = { path: file.path, format: captureKind(file.path), inPlace: file.inPlace, comments };
  }

  /** @throws UfoError of the system: the file cannot be written; it stays as it is until frames come. */
  static async open(path: string, comments = false, signal?: AbortSignal): Promise<LiveFile> {
    return new LiveFile(await OutputFile.open(path, signal), comments);
  }

  /** For the start of the capture process. */
  get childOptions(): Pick<CaptureChildOptions, 'fileFd' | 'onStats'> {
    return {
      fileFd: this.#file.fd,
      onStats: ({ received }) => {
        if (received > 0) this.#file.publish({ emptied: true });
      },
    };
  }

  /** All went well, and the capture has ended: a file without frames takes the place of what stood there too. */
  async finish(name: string, { linktype, stats }: CaptureChild): Promise<void> {
    if (this.#file.inPlace && stats.received === 0) {
      const format = captureFormat(this.wish.format, { linktype, interface: name });
      await this.#file.write(Buffer.concat([format.header(), format.trailer(stats)]));
    }
    await this.#file.finish();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#file[Symbol.asyncDispose]();
  }
}
