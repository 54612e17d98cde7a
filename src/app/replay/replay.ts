import { openFileCapture } from '../../capture/file/engine.js';
import { nameArgument, UfoError } from '../../errors.js';
import { dropPrivileges } from '../../host/drop-privileges.js';
import { SameFile } from '../../host/same-file.js';
import { type FrameOptions, type FramesSummary, sendFrames } from '../../socket/frames/send-frames.js';
import { FRAME_WAYS } from '../../socket/frames/ways.js';
import { createPacer } from '../../socket/pacing.js';
import { DRIVER_TRAITS } from '../../tx/drivers.js';
import type { Frame } from '../../wire/frame.js';
import { comparisonSections, VERDICT_MARKS } from '../common/comparison-sections.js';
import { EXIT, type ExitCode, lossExitCode, verdictExitCode, worstOf } from '../common/exit-codes.js';
import { counted } from '../common/figures.js';
import { noteFault } from '../common/file-notes.js';
import { HtmlReport, type ReportBody } from '../common/html-report.js';
import { lostText } from '../common/lost-text.js';
import type { Output } from '../common/output.js';
import { arrived, placeText, type WireReport, watchedInterface, wireReportText } from '../common/wire-report.js';
import { dryRun } from './dry-run.js';
import { type ReplayOptions, refuseContradictions, refuseLoop } from './options.js';
import { checkReach } from './reach.js';
import { FrameWatch } from './watch.js';

/**
 * `udp-ufo replay`: the frames of a capture, with its timing or at a rate; with `verify` held against what arrives. Exit code 1
 * where something else came than the file holds, 4 where something was lost or the file is damaged.
 * @throws what `sendFrames` throws
 */
export async function replay(options: ReplayOptions, output: Output, signal: AbortSignal): Promise<ExitCode> {
  refuseContradictions(options);
  await refuseLoop(options);
  if (options.dryRun) return dryRun(options, output, signal);
  const same = new SameFile(options.file);
  const look = await checkReach(options, same, signal);
  await using page = await HtmlReport.open(options.html, signal);
  await using watch = await startWatch(options, signal);
  dropPrivileges({ reads: [options.file], capabilities: ['CAP_NET_RAW'] }); // each turn opens the file and a socket
  const stop = watch === null ? signal : AbortSignal.any([signal, watch.broken]);
  const { failure, cutShort, faulty, lost } = await sendAll(options, { watch, look, same }, output, stop);
  const report = (await watch?.finish(cutShort)) ?? null;
  if (report !== null) {
    await printReport(report, options, output); // before it is written anywhere: a disk may be full
    await page?.write(pageOf(report, options)).catch((error: unknown) => {
      throw failure ?? error;
    });
  }
  if (failure !== null) throw failure;
  signal.throwIfAborted();
  return worstOf([
    verdictExitCode(report?.verdict ?? 'good'),
    faulty ? EXIT.inconclusive : EXIT.ok,
    arrived(report) ? EXIT.ok : lost,
  ]);
}

async function startWatch(options: ReplayOptions, signal: AbortSignal): Promise<FrameWatch | null> {
  const { driver, strict, verify, interface: sender = '' } = options;
  if (verify === false) return null;
  const { seenByCaptures } = DRIVER_TRAITS[driver];
  const name = watchedInterface(verify, { driver, interface: sender, seenByCaptures });
  const wholeFrames = FRAME_WAYS[driver].sends === 'frames';
  try {
    return await FrameWatch.start({ interface: name, sender, wholeFrames, strict }, signal);
  } catch (error) {
    if (error instanceof UfoError && error.argument === 'interface') nameArgument(error, '--verify');
    throw error;
  }
}

/** What became of the frames. */
interface Replayed {
  /** What stopped it, null where nothing did; a capture that broke off is in the report. */
  readonly failure: unknown;
  /** The capture broke off before all had gone. */
  readonly cutShort: boolean;
  /** The file is damaged: what comes after that was not sent. */
  readonly faulty: boolean;
  /** Of what was lost on this machine. */
  readonly lost: ExitCode;
}

/** What sending is held against. */
interface ReplayParts {
  readonly watch: FrameWatch | null;
  readonly look: ((frame: Frame) => void) | undefined;
  readonly same: SameFile;
}

async function sendAll(
  options: ReplayOptions,
  { watch, look, same }: ReplayParts,
  output: Output,
  signal: AbortSignal,
): Promise<Replayed> {
  const { interface: name, driver, rate, loop, rewrite, json } = options;
  const pacer = rate === undefined ? undefined : createPacer({ rate, unit: 'fragments' });
  const way: FrameOptions = { interface: name, driver, rewrite, timing: rate === undefined, pacer, signal };
  const onFrame = (frame: Frame): void => {
    look?.(frame);
    watch?.expectation.add(frame);
  };
  const codes: ExitCode[] = [];
  let faulty = false;
  try {
    for (let turn = 1; turn <= loop; turn++) {
      const again = same.known;
      await same.check(); // what was looked through is what is sent
      await using capture = await openFileCapture(options.file, { signal });
      const summary = await sendFrames(framesOf(capture), { ...way, onFrame });
      faulty ||= capture.fault !== '';
      codes.push(lossExitCode(summary.lost));
      noteFault(capture, 'sent is what came before', output);
      if (json) await output.json({ type: 'summary', turn, ...summary });
      else await output.line(summaryLine(summary, options, turn));
      if (again) await same.check();
    }
    return { failure: null, cutShort: false, faulty, lost: worstOf(codes) };
  } catch (error) {
    const cutShort = watch?.broken.aborted ?? false;
    return { failure: cutShort ? null : error, cutShort, faulty, lost: worstOf(codes) };
  }
}

/** The frames of a capture, one by one. */
async function* framesOf(capture: AsyncIterable<readonly Frame[]>): AsyncGenerator<Frame> {
  for await (const batch of capture) yield* batch;
}

async function printReport(report: WireReport, { json }: ReplayOptions, output: Output): Promise<void> {
  if (json) return output.json({ type: 'verify', ...report });
  await output.line(wireReportText(report, 'frame').join('\n'));
}

function pageOf(report: WireReport, { file, driver, interface: name, rate, loop }: ReplayOptions): ReportBody {
  const { verdict, good, expected, packets } = report;
  return {
    title: 'udp-ufo replay --verify',
    outcome: {
      verdict: VERDICT_MARKS[verdict],
      text: `${verdict}: ${good} of ${expected ?? good} frames proven right in ${packets} packets`,
    },
    circumstances: [
      ['file', file],
      ['sent', `${loop} times by ${driver} on ${name}, ${rate === undefined ? 'with its timing' : `${rate} frames/s`}`],
      ['captured', placeText(report)],
    ],
    sections: comparisonSections(report, 'frames'),
  };
}

function summaryLine(
  { frames, octets, seconds, lost }: FramesSummary,
  { loop, interface: name, driver }: ReplayOptions,
  turn: number,
): string {
  const times = loop === 1 ? '' : ` (${turn} of ${loop})`;
  const what = `${counted(frames, 'frame')}, ${counted(octets, 'octet')}`;
  return `${what} by ${driver} on ${name} in ${seconds.toFixed(3)} s${times}; ${lostText(lost)}`;
}
