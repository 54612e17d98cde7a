import { release } from 'node:os';
import { insideLab } from '../../host/lab-info.js';
import { OutputFile } from '../../host/output-file.js';
import type { ReportDocument } from '../../report/html/document.js';
import { htmlPage } from '../../report/html/page.js';

/** What a command knows of its page; the rest is the same for all. */
export type ReportBody = Pick<ReportDocument, 'title' | 'outcome' | 'sections'> &
  Partial<Pick<ReportDocument, 'circumstances'>>;

/** The page that `--html FILE` asks for: the file is opened, and so checked, before work begins, and written at its end. */
export class HtmlReport implements AsyncDisposable {
  readonly #file: OutputFile;
  readonly #at = new Date();

  private constructor(file: OutputFile) {
    this.#file = file;
  }

  /** null where none was asked for. @throws UfoError of the system: ENOENT, EACCES, … */
  static open(path: string, signal?: AbortSignal): Promise<HtmlReport>;
  static open(path: string | undefined, signal?: AbortSignal): Promise<HtmlReport | null>;
  static async open(path: string | undefined, signal?: AbortSignal): Promise<HtmlReport | null> {
    return path === undefined ? null : new HtmlReport(await OutputFile.open(path, signal));
  }

  async write({ circumstances = [], ...body }: ReportBody): Promise<void> {
    const where = [
      ...circumstances,
      ['kernel', `Linux ${release()}`],
      ['Node.js', process.version],
      ...(insideLab() === null ? [] : [['network', 'a lab of its own (udp-ufo lab)'] as const]),
    ] as const;
    const command = ['udp-ufo', ...process.argv.slice(2)].map(quoted).join(' ');
    await this.#file.write(Buffer.from(htmlPage({ ...body, command, at: this.#at, circumstances: where })));
    await this.#file.finish();
  }

  /** What stood under the name stays where nothing was written. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file[Symbol.asyncDispose]();
  }
}

/** A word as a shell takes it. */
function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
