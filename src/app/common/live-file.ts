import type { CaptureChildOptions } from '../../capture/child/process.js';
import type { FileWish } from '../../capture/child/protocol.js';
import { OutputFile } from '../../host/output-file.js';
import { captureKind } from '../../wire/capture-format.js';

/** The file of a live capture: the capture process writes to its descriptor, and we give it its name. */
export class LiveFile implements AsyncDisposable {
  readonly #file: OutputFile;
  /** What the capture process is told of it. */
  readonly wish: FileWish;

  private constructor(file: OutputFile, comments: boolean) {
    this.#file = file;
    this.wish = { path: file.path, format: captureKind(file.path), comments };
  }

  /** @throws UfoError of the system: the file cannot be written; it stays as it is until frames come. */
  static async open(path: string, comments = false, signal?: AbortSignal): Promise<LiveFile> {
    return new LiveFile(await OutputFile.open(path, signal), comments);
  }

  /** Whether nothing else may be written to standard output. */
  get isStdout(): boolean {
    return this.#file.isStdout;
  }

  /** For the start of the capture process. */
  get childOptions(): Pick<CaptureChildOptions, 'fileFd' | 'onStats'> {
    return {
      fileFd: this.#file.fd,
      onStats: ({ received }) => {
        if (received > 0) this.#file.publish();
      },
    };
  }

  /** The capture runs: what is written over in its place has to be emptied before. */
  begun(): void {
    if (this.#file.inPlace) this.#file.publish();
  }

  finish(): Promise<void> {
    return this.#file.finish();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#file[Symbol.asyncDispose]();
  }
}
