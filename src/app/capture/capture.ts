import { type LiveCapture, openCapture, spawnPrefixFor } from '../../capture/open-capture.js';
import { dropPrivileges } from '../../host/drop-privileges.js';
import { endWith } from '../common/end-with.js';
import { EXIT, type ExitCode } from '../common/exit-codes.js';
import { counted, inFile } from '../common/figures.js';
import { openUntilStopped } from '../common/open-until-stopped.js';
import type { Output } from '../common/output.js';
import { beginText, type CaptureCommandOptions, type CaptureResult } from './command.js';
import { describeFrame, frameLine } from './describe-frame.js';
import { captureToFile } from './to-file.js';

/**
 * `udp-ufo capture`: prints or stores frames until the count, the duration, a signal or the interface ends it. Exit code 4
 * where the kernel dropped frames.
 */
export async function capture(options: CaptureCommandOptions, output: Output, signal: AbortSignal): Promise<ExitCode> {
  const { write } = options;
  const toText = write === undefined;
  const result = await (toText
    ? captureToText(options, output, signal)
    : captureToFile({ ...options, write }, output, signal));
  return report(result, options, output);
}

async function captureToText(
  options: CaptureCommandOptions,
  output: Output,
  signal: AbortSignal,
): Promise<CaptureResult> {
  await using running = await openUntilStopped(signal, (opening) => openText(options, opening));
  dropPrivileges();
  using _ = endWith(signal, options.durationMs, () => void running.close());
  output.note(beginText(options));
  let frames = 0;
  try {
    for await (const batch of running) {
      const wanted = batch.slice(0, (options.count ?? Number.POSITIVE_INFINITY) - frames);
      frames += wanted.length;
      for (const frame of wanted) {
        await (options.json ? output.json(describeFrame(frame)) : output.line(frameLine(frame)));
      }
      if (frames === options.count) break;
    }
  } finally {
    await running.close();
  }
  return { engine: running.engine, frames, lost: (await running.stats()).lost };
}

function openText(options: CaptureCommandOptions, signal: AbortSignal): Promise<LiveCapture> {
  const { filter = '', bufferSize, engine, direction } = options;
  return openCapture({
    interface: options.interface,
    filter,
    signal,
    ...(bufferSize !== undefined && { bufferSize }),
    ...(engine !== undefined && { engine }),
    ...(direction !== undefined && { direction }),
    spawnPrefix: spawnPrefixFor(options.interface),
  });
}

async function report(
  { engine, frames, lost }: CaptureResult,
  { json, write, interface: name }: CaptureCommandOptions,
  output: Output,
): Promise<ExitCode> {
  if (json) await output.json({ type: 'summary', engine, frames, captureLost: lost, file: write ?? null });
  else output.note(`${counted(frames, 'frame')}${write === undefined ? '' : ` ${inFile(write)}`}, ${lost ?? '?'} lost`);
  if (lost !== 0) output.note(lossHint(name));
  return lost === 0 ? EXIT.ok : EXIT.inconclusive;
}

/** What to do against drops by the kernel. */
export function lossHint(name: string): string {
  return `the kernel dropped frames for want of room: a larger --buffer-size, or smaller slots: ethtool -K ${name} tso off gso off gro off`;
}
