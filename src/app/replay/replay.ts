import { openFileCapture } from '../../capture/file/engine.js';
import { usageError } from '../../errors.js';
import { type FrameOptions, type FramesSummary, sendFrames } from '../../socket/frames.js';
import { createPacer } from '../../socket/pacing.js';
import type { Frame } from '../../wire/frame.js';
import type { Output } from '../common/output.js';
import { type Rewriting, rewritten } from './rewrite.js';

export interface ReplayOptions {
  /** pcap or pcapng, compressed or not; `-` is standard input. */
  readonly file: string;
  readonly interface: string;
  readonly driver: NonNullable<FrameOptions['driver']>;
  /** Frames a second; without it each goes at its own time after the first. */
  readonly rate?: number | undefined;
  /** Times that the file is sent. */
  readonly loop: number;
  readonly rewrite?: Rewriting | undefined;
  readonly json: boolean;
}

/** `udp-ufo replay`: the frames of a capture, with its timing or at a rate. @throws what `sendFrames` throws */
export async function replay(options: ReplayOptions, output: Output, signal: AbortSignal): Promise<void> {
  const { file, interface: name, driver, rate, loop, json } = options;
  if (loop > 1 && file === '-') throw usageError('--loop: standard input can be read once', 'give a file');
  const pacer = rate === undefined ? undefined : createPacer({ rate, unit: 'fragments' });
  for (let turn = 1; turn <= loop; turn++) {
    await using capture = await openFileCapture(file);
    const frames = framesOf(capture, options);
    const summary = await sendFrames(frames, { interface: name, driver, timing: rate === undefined, pacer, signal });
    if (capture.fault !== '') output.note(`${file}: ${capture.fault}`);
    if (json) await output.json({ type: 'summary', turn, ...summary });
    else await output.line(summaryLine(summary, options, turn));
  }
}

async function* framesOf(capture: AsyncIterable<readonly Frame[]>, { rewrite }: ReplayOptions): AsyncGenerator<Frame> {
  let number = 0;
  for await (const batch of capture) {
    for (const frame of batch) {
      number += 1;
      yield rewrite === undefined ? frame : rewritten(frame, rewrite, number);
    }
  }
}

function summaryLine(
  { frames, octets, seconds, lost }: FramesSummary,
  { loop, interface: name, driver }: ReplayOptions,
  turn: number,
): string {
  const places = Object.entries(lost).filter(([, count]) => count !== 0);
  const told =
    places.length === 0
      ? 'nothing lost on this machine'
      : `lost: ${places.map(([place, count]) => `${place} ${count ?? 'unknown'}`).join(', ')}`;
  const times = loop === 1 ? '' : ` (${turn} of ${loop})`;
  return `${frames} frame(s), ${octets} octets by ${driver} on ${name} in ${seconds.toFixed(3)} s${times}; ${told}`;
}
