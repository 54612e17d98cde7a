import { CauseGroups } from '../../compare/cuts/groups.js';
import { usageError } from '../../errors.js';
import { insideLab } from '../../host/lab.js';
import { type ExitCode, verdictExitCode } from '../common/exit-codes.js';
import { HtmlReport } from '../common/html-report.js';
import type { Output } from '../common/output.js';
import { lab } from '../lab/lab.js';
import { type AgainstOptions, compareFile } from './against.js';
import { type CompareCase, caseText, isKnown, sizeOfCase, sizesOf } from './cases.js';
import { compareDocument } from './document.js';
import { causeJson, datagramJson } from './json.js';
import { compareLive, type LiveEnd, type LiveOptions } from './live.js';
import { type CompareSummary, compareVerdict, type DatagramReport, OUTCOMES } from './report.js';
import { causeText, datagramText, fieldsTable, summaryText } from './text.js';

/** `udp-ufo compare` as typed. */
interface CompareOptions extends LiveOptions {
  /** A capture that is held against our cut, instead of sending. */
  readonly against?: AgainstOptions | undefined;
  /** `--deep` to a host that is in no lab. */
  readonly outsideLab: boolean;
  /** Every field of every fragment of each datagram. */
  readonly fields: boolean;
  readonly json: boolean;
  readonly html?: string | undefined;
}

/** Datagrams whose fields are shown although nobody asked for them. */
const SHOWN_ANYWAY = 2;

/**
 * `udp-ufo compare`: the same datagrams cut by our UFO stage, by the kernel's UFO and by the kernel behind an ordinary
 * socket, or by whoever made a capture, field by field. Without a host in a lab of its own. 1 where something differs that
 * no known way of cutting explains, 4 where something was lost.
 */
export async function compare(options: CompareOptions, output: Output, signal: AbortSignal): Promise<ExitCode> {
  refuseUnsafe(options);
  if (options.against === undefined && options.host === undefined && insideLab() === null) {
    const again = [process.execPath, ...process.execArgv, ...process.argv.slice(1)];
    return (await lab({ command: again, stop: signal })) as ExitCode;
  }
  await using page = await HtmlReport.open(options.html, signal);
  const run = new Comparing(options, output);
  const tell = (report: DatagramReport): Promise<void> => run.take(report);
  const { against } = options;
  const end =
    against === undefined ? await compareLive(options, tell, signal) : await compareFile(against, tell, output, signal);
  const summary = await run.finish(end);
  await page?.write(compareDocument(summary, run.groups.list(), run.kept));
  return verdictExitCode(summary.verdict);
}

/** A sweep sends fragments with holes and source routes by the hundred: for hosts of one's own. */
function refuseUnsafe({ deep, host, outsideLab }: CompareOptions): void {
  const lab = insideLab();
  const far: readonly string[] = lab === null ? [] : [lab.far.ipv4, lab.far.ipv6];
  if (!deep || outsideLab || host === undefined || far.includes(host.host)) return;
  throw usageError(
    '--deep: hundreds of datagrams, some with source routes and some that nobody can put together, and this host is in no lab',
    'if it is yours, add --outside-lab',
  );
}

/** Datagrams that a page shows field by field. */
const MOST_KEPT = 500;

class Comparing {
  readonly groups = new CauseGroups<CompareCase>(sizeOfCase);
  /** What a page shows: those that differ first come first served. */
  readonly kept: DatagramReport[] = [];
  readonly #options: CompareOptions;
  readonly #output: Output;
  readonly #outcomes = Object.fromEntries(OUTCOMES.map((name) => [name, 0])) as Record<
    (typeof OUTCOMES)[number],
    number
  >;
  readonly #refused = new Map<string, { datagrams: number; readonly first: string }>();
  #datagrams = 0;

  constructor(options: CompareOptions, output: Output) {
    this.#options = options;
    this.#output = output;
  }

  async take(report: DatagramReport): Promise<void> {
    this.#datagrams += 1;
    for (const { way, outcome, held, why } of report.cuts) {
      this.#outcomes[outcome] += 1;
      if (outcome === 'refused') this.#refuse(way, `${caseText(report.of)}: ${why}`);
      if (held !== null && isKnown(report.of)) this.groups.add(report.of, way, held);
    }
    if (this.#options.html !== undefined && this.kept.length < MOST_KEPT) this.kept.push(report);
    const { json, deep, fields, sizes } = this.#options;
    if (json) await this.#output.json(datagramJson(report, fields));
    else {
      const odd = report.cuts.some(
        ({ outcome }) => outcome !== 'equal' && outcome !== 'explained' && outcome !== 'refused',
      );
      if (!deep || odd) await this.#output.line(datagramText(report));
      if (fields || (sizes !== undefined && sizesOf(sizes).length <= SHOWN_ANYWAY)) {
        await this.#output.line(fieldsTable(report));
      }
    }
  }

  #refuse(way: string, first: string): void {
    const known = this.#refused.get(way);
    if (known === undefined) this.#refused.set(way, { datagrams: 1, first });
    else known.datagrams += 1;
  }

  async finish(end: LiveEnd): Promise<CompareSummary> {
    const summary: CompareSummary = {
      type: 'summary',
      ...end,
      datagrams: this.#datagrams,
      outcomes: this.#outcomes,
      refused: [...this.#refused].map(([way, one]) => ({ way, ...one })),
      verdict: compareVerdict({ ...end, outcomes: this.#outcomes }),
    };
    const groups = this.groups.list();
    if (this.#options.json) {
      for (const group of groups) await this.#output.json(causeJson(group));
      await this.#output.json(summary);
    } else {
      for (const group of groups) await this.#output.line(causeText(group));
      await this.#output.line(summaryText(summary));
    }
    return summary;
  }
}
