import { type FileCapture, fileNotes, openFileCapture } from '../../capture/file/engine.js';
import type { Expectation } from '../../compare/expectation.js';
import { verdictsOf } from '../../verify/batches.js';
import { Recount } from '../../verify/recount.js';
import type { DatagramVerdict } from '../../verify/verdict.js';
import { Verifier, type VerifierOptions } from '../../verify/verifier.js';
import { type ExitCode, verdictExitCode } from '../common/exit-codes.js';
import { noteFault, noteFile } from '../common/file-notes.js';
import type { Output } from '../common/output.js';
import { comparedSummary, type ExpectOptions, expectationOf } from './expect.js';
import { Explainer } from './explainer.js';
import { VerifyPage } from './page.js';
import { frameChoice, ofPort, type Selection } from './select.js';

export interface VerifyOptions extends ExpectOptions {
  readonly json: boolean;
  readonly allowZeroChecksum6?: boolean;
  /** SHA-256 of every payload in its verdict. */
  readonly hash?: boolean;
  /** Good datagrams are not printed. */
  readonly quiet?: boolean;
  /** A file for a page of it all. */
  readonly html?: string | undefined;
}

export interface VerifyFileOptions extends VerifyOptions, Selection {
  /** A capture file (pcap or pcapng, compressed or not), or `-` for standard input. */
  readonly file: string;
}

/** `udp-ufo verify -r FILE`: judges every datagram of a capture file; returns the exit code. */
export async function verifyFile(options: VerifyFileOptions, output: Output, signal: AbortSignal): Promise<ExitCode> {
  const expect = await expectationOf(options, signal);
  const [select, wants] = [ofPort(options), frameChoice(options)];
  const chosen = { ...(select && { select }), ...(wants && { wants }) };
  const verifier = new Verifier({ ...verifierOptions(options, expect), ...chosen });
  await using capture = await openFileCapture(options.file, { reuse: true, buffers: verifier.readBuffers, signal });
  return await judge(verifier, capture, options, expect, output, signal); // the file stays open meanwhile
}

async function judge(
  verifier: Verifier,
  capture: FileCapture,
  options: VerifyOptions,
  expect: Expectation | undefined,
  output: Output,
  signal: AbortSignal,
): Promise<ExitCode> {
  const recount = expect && new Recount(expect);
  await using page = await VerifyPage.open(options.html, signal);
  const printer = new Printer(options, output, recount, page);
  const close = () => void capture.close();
  signal.addEventListener('abort', close, { once: true });
  try {
    for await (const verdicts of verdictsOf(verifier, capture)) await printer.print(verdicts);
  } finally {
    signal.removeEventListener('abort', close);
  }
  await printer.print(verifier.end());
  const { lost } = await capture.stats();
  const fault = capture.fault || (signal.aborted ? 'stopped before its end' : '');
  const judged = verifier.summary({ captureLost: lost, fault, notes: fileNotes(capture) });
  const summary = recount?.summary(judged, options.strict) ?? judged;
  await printer.written;
  const [text, value] = comparedSummary(summary, expect);
  await (options.json ? output.json(value) : output.line(text));
  noteFault({ source: capture.source, fault }, 'judged is what came before', output);
  noteFile(capture.source, summary.notes, output);
  await page?.write('udp-ufo verify', capture.source, summary, expect?.result(summary)); // told before: a disk may be full
  return verdictExitCode(summary.verdict);
}

function verifierOptions(
  { hash = false, quiet = false, html, allowZeroChecksum6, strict }: VerifyOptions,
  expect: Expectation | undefined,
): VerifierOptions {
  return {
    hash: hash || (expect?.wantsHash ?? false),
    tellGood: !quiet || html !== undefined || expect !== undefined,
    sightings: expect !== undefined,
    allowZeroChecksum6: allowZeroChecksum6 || (expect?.allowsZeroChecksum ?? false),
    ...(strict && { strict }),
  };
}

/** Characters that are written at once: verdicts may come by the ten thousand. */
const MOST_WRITTEN = 1 << 20;

/** Writes verdicts in order; the promise of each call is that of all before it. */
class Printer {
  readonly #json: boolean;
  readonly #quiet: boolean;
  readonly #output: Output;
  readonly #recount: Recount | undefined;
  readonly #page: VerifyPage | null;
  readonly #explained = new Explainer();
  #written: Promise<void> = Promise.resolve();

  constructor(
    { json, quiet = false }: VerifyOptions,
    output: Output,
    recount: Recount | undefined,
    page: VerifyPage | null,
  ) {
    this.#json = json;
    this.#quiet = quiet;
    this.#output = output;
    this.#recount = recount;
    this.#page = page;
  }

  get written(): Promise<void> {
    return this.#written;
  }

  print(verdicts: readonly DatagramVerdict[]): Promise<void> {
    if (verdicts.length === 0) return this.#written;
    this.#written = this.#written.then(() => this.#printNow(verdicts));
    this.#written.catch(() => {}); // whoever awaits the last one hears of it
    return this.#written;
  }

  async #printNow(verdicts: readonly DatagramVerdict[]): Promise<void> {
    let lines: string[] = [];
    let length = 0;
    for (const verdict of verdicts) {
      const one = this.#recount?.take(verdict) ?? verdict;
      this.#page?.add([one]);
      if (this.#quiet && one.verdict === 'good') continue;
      const line = this.#json ? JSON.stringify(one) : this.#explained.text(one);
      lines.push(line);
      length += line.length;
      if (length < MOST_WRITTEN) continue;
      await this.#output.line(lines.join('\n'));
      lines = [];
      length = 0;
    }
    if (lines.length > 0) await this.#output.line(lines.join('\n'));
  }
}
