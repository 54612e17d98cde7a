import type { Comparison } from '../../compare/comparison.js';
import { DatagramSample } from '../../report/html/sample.js';
import { summaryText } from '../../verify/report.js';
import type { DatagramVerdict, VerifySummary } from '../../verify/verdict.js';
import { comparisonSections, VERDICT_MARKS } from '../common/comparison-sections.js';
import { HtmlReport } from '../common/html-report.js';

/** The page of a verification: takes verdicts as they come, and keeps as many as it can show. */
export class VerifyPage implements AsyncDisposable {
  readonly #report: HtmlReport;
  readonly #sample = new DatagramSample();

  private constructor(report: HtmlReport) {
    this.#report = report;
  }

  /** null where no page was asked for. @throws UfoError where the file cannot be written */
  static async open(path: string | undefined, signal?: AbortSignal): Promise<VerifyPage | null> {
    const report = await HtmlReport.open(path, signal);
    return report && new VerifyPage(report);
  }

  add(verdicts: readonly DatagramVerdict[]): void {
    for (const verdict of verdicts) this.#sample.add(verdict);
  }

  /**
   * @param source file or interface
   * @param comparison what it came to with what was sent, where that is known
   */
  async write(title: string, source: string, summary: VerifySummary, comparison?: Comparison): Promise<void> {
    const [text, ...rest] = summaryText(summary).split('\n');
    await this.#report.write({
      title,
      outcome: { verdict: VERDICT_MARKS[summary.verdict], text: text! },
      circumstances: [['captured', source]],
      sections: [
        ...(rest.length > 0 ? [{ kind: 'notes', title: 'Not judged', lines: rest } as const] : []),
        ...(summary.notes.length > 0
          ? [{ kind: 'notes', title: 'What the capture says of itself', lines: summary.notes } as const]
          : []),
        ...(comparison === undefined ? [] : comparisonSections(comparison, 'datagrams')),
        this.#sample.section(),
      ],
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#report[Symbol.asyncDispose]();
  }
}
