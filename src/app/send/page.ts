import { DatagramSample } from '../../report/html/sample.js';
import type { DatagramVerdict } from '../../verify/verdict.js';
import { comparisonSections, VERDICT_MARKS } from '../common/comparison-sections.js';
import { HtmlReport } from '../common/html-report.js';
import { placeText } from '../common/wire-report.js';
import { outcomeText, type SendOutcome } from './report.js';

/** The page of a send that was proven on the wire: takes what was seen of each datagram, and keeps as many as it can show. */
export class SendPage implements AsyncDisposable {
  readonly #report: HtmlReport;
  readonly #sample = new DatagramSample();

  private constructor(report: HtmlReport) {
    this.#report = report;
  }

  /** @throws UfoError where the file cannot be written */
  static async open(path: string, signal?: AbortSignal): Promise<SendPage> {
    return new SendPage(await HtmlReport.open(path, signal));
  }

  readonly add = (verdict: DatagramVerdict): void => this.#sample.add(verdict);

  async write(outcome: SendOutcome): Promise<void> {
    const { wire, path } = outcome;
    if (wire === null) return;
    const { verdict, good, planned, expected, packets } = wire;
    const made = planned === 0 ? '' : `, ${planned} as planned`;
    const text = `${verdict}: ${good} of ${expected ?? good} datagrams proven right${made}, in ${packets} packets`;
    await this.#report.write({
      title: 'udp-ufo send --verify',
      outcome: { verdict: VERDICT_MARKS[verdict], text },
      circumstances: [
        ['sent', `from ${path.source} by ${path.driver} on ${path.interface}, MTU ${path.mtu}`],
        ['captured', placeText(wire)],
      ],
      sections: [
        {
          kind: 'notes',
          title: 'What was sent',
          lines: outcomeText({ ...outcome, wire: null }).map((line) => line.trim()),
        },
        ...comparisonSections(wire, 'datagrams'),
        this.#sample.section(),
      ],
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#report[Symbol.asyncDispose]();
  }
}
