import { Expectation } from '../../compare/expectation.js';
import { parseHead, parseSent, type SentHead } from '../../compare/file.js';
import { ownsVerdict } from '../../compare/flow.js';
import { UfoError } from '../../errors.js';
import { inputLines } from '../../host/input-stream.js';
import { comparisonText } from '../../report/comparison-text.js';
import { summaryText } from '../../verify/report.js';
import type { DatagramVerdict, VerifySummary } from '../../verify/verdict.js';
import { thisMachine } from '../common/machine.js';
import { isOwnLink } from '../common/own-link.js';

/** Characters of a line: a datagram with all its headers has some hundreds. */
const MOST_LINE = 1 << 20;

/** What a capture is held against beside the RFCs. */
export interface ExpectOptions {
  /** Payloads are generated ones: hold each against the seed and sequence in it, and the sequences against each other. */
  readonly generated?: boolean | undefined;
  /** A file of what was sent, as `send --save` writes it. */
  readonly expectFile?: string | undefined;
  /** Nothing may have changed on the way. */
  readonly strict?: boolean | undefined;
}

/**
 * The expectation that the options ask for; undefined where they ask for none. Live on `watched`, a series may have begun
 * before anybody looked, and the sender's own link is known.
 * @throws UfoError the file can't be read, or is none of what was sent
 */
export async function expectationOf(
  { generated, expectFile, strict = false }: ExpectOptions,
  signal: AbortSignal,
  watched?: string,
): Promise<Expectation | undefined> {
  if (expectFile !== undefined) return readExpectation(expectFile, signal, strict, watched);
  if (!generated) return undefined;
  return new Expectation([], { strict, generated: watched === undefined ? 'all' : 'running' });
}

/** The summary with what the comparison came to, as text and as an object for programs. */
export function comparedSummary(summary: VerifySummary, expect: Expectation | undefined): [string, object] {
  if (expect === undefined) return [summaryText(summary), summary];
  const comparison = expect.result(summary);
  // The verdicts above have the mismatches already.
  const lines = comparisonText({ ...comparison, mismatches: [], plans: [] });
  return [[...lines, summaryText(summary)].join('\n'), { ...summary, comparison }];
}

async function readExpectation(
  path: string,
  signal: AbortSignal,
  strict: boolean,
  watched: string | undefined,
): Promise<Expectation> {
  let head: SentHead | undefined;
  let expectation: Expectation | undefined;
  let number = 0;
  for await (const line of inputLines(path, MOST_LINE, signal)) {
    number += 1;
    if (head === undefined || expectation === undefined) {
      const parsed = parseHead(line);
      if (typeof parsed === 'string') throw unreadable(path, number, parsed);
      head = parsed;
      const { interface: name, machine } = head;
      const own = watched !== undefined && machine === thisMachine() && isOwnLink(name, watched);
      const { common } = head;
      const owns = (verdict: DatagramVerdict): boolean => ownsVerdict(common, verdict);
      expectation = new Expectation([], { strict: strict || own, owns });
      continue;
    }
    const parsed = parseSent(line, head.common);
    if (typeof parsed === 'string') throw unreadable(path, number, parsed);
    expectation.addChecked(parsed);
  }
  if (expectation === undefined) throw unreadable(path, 1, 'the file is empty');
  return expectation;
}

function unreadable(path: string, line: number, why: string): UfoError {
  const hint = 'udp-ufo send … --save FILE writes such a file';
  return new UfoError('ERR_UFO_UNREADABLE', `--expect ${path}: line ${line}: ${why}`, hint);
}
