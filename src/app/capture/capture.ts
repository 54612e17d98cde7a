import { createWriteStream } from 'node:fs';
import { type LiveCapture, openCapture, spawnPrefixFor } from '../../capture/open-capture.js';
import { UfoError } from '../../errors.js';
import type { Frame } from '../../wire/frame.js';
import { pcapFormat } from '../../wire/pcap-format.js';
import { PcapWriter } from '../../wire/pcap-writer.js';
import { EXIT, type ExitCode } from '../common/exit-codes.js';
import type { Output } from '../common/output.js';
import { describeFrame, frameLine } from './describe-frame.js';

export interface CaptureCommandOptions {
  readonly interface: string;
  /** BPF; default everything. */
  readonly filter?: string | undefined;
  /** A pcap file, or `-` for stdout; then no text goes there. */
  readonly write?: string | undefined;
  /** Frames to take at most. */
  readonly count?: number | undefined;
  /** Time to capture at most, ms. */
  readonly durationMs?: number | undefined;
  /** Octets of the kernel's ring. */
  readonly bufferSize?: number | undefined;
  readonly json: boolean;
}

/**
 * `udp-ufo capture`: prints or stores frames until the count, the duration, a signal or the interface ends it. Exit code 4
 * where the kernel dropped frames.
 */
export async function capture(options: CaptureCommandOptions, output: Output, signal: AbortSignal): Promise<ExitCode> {
  const running = await openUntilStopped(options, signal);
  const stop = (): void => void running.close();
  const timer = options.durationMs === undefined ? undefined : setTimeout(stop, options.durationMs);
  signal.addEventListener('abort', stop, { once: true });
  const sink = options.write === undefined ? textSink(options, output) : pcapSink(options.write, running.linktype);
  output.note(`capturing on ${options.interface}${options.filter ? `, filter ${options.filter}` : ''}`);
  let frames = 0;
  try {
    for await (const batch of running) {
      const wanted = batch.slice(0, (options.count ?? Number.POSITIVE_INFINITY) - frames);
      frames += wanted.length;
      await sink.write(wanted);
      if (frames === options.count) break;
    }
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', stop);
    await running.close();
    await sink.close();
  }
  return report(frames, (await running.stats()).lost, options, output);
}

/** A stop before the capture is ready ends the opening; later the capture is closed in order instead. */
async function openUntilStopped(options: CaptureCommandOptions, signal: AbortSignal): Promise<LiveCapture> {
  const opening = new AbortController();
  const abort = (): void => opening.abort(new UfoError('ERR_UFO_STOPPED', 'stopped before the capture began'));
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await openCapture({
      interface: options.interface,
      filter: options.filter ?? '',
      signal: opening.signal,
      ...(options.bufferSize !== undefined && { bufferSize: options.bufferSize }),
      spawnPrefix: spawnPrefixFor(options.interface),
    });
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

async function report(
  frames: number,
  lost: number | null,
  { json, write, interface: name }: CaptureCommandOptions,
  output: Output,
): Promise<ExitCode> {
  if (json && write !== '-') await output.json({ type: 'summary', frames, captureLost: lost, file: write ?? null });
  else
    output.note(`${frames} frame(s)${write === undefined || write === '-' ? '' : ` in ${write}`}, ${lost ?? '?'} lost`);
  if (lost !== 0) output.note(lossHint(name));
  return lost === 0 ? EXIT.ok : EXIT.inconclusive;
}

/** What to do against drops by the kernel. */
export function lossHint(name: string): string {
  return `the kernel dropped frames for want of room: a larger --buffer-size, or smaller slots: ethtool -K ${name} tso off gso off gro off`;
}

interface FrameWriter {
  write(frames: readonly Frame[]): Promise<void>;
  close(): Promise<void>;
}

function textSink({ json }: CaptureCommandOptions, output: Output): FrameWriter {
  return {
    async write(frames) {
      for (const frame of frames) {
        const described = describeFrame(frame);
        await (json ? output.json(described) : output.line(frameLine(described)));
      }
    },
    async close() {},
  };
}

function pcapSink(path: string, linktype: number): FrameWriter {
  const writer = new PcapWriter(path === '-' ? process.stdout : createWriteStream(path), pcapFormat(linktype));
  return {
    write: (frames) => writer.write(frames),
    close: () => writer.close({ end: path !== '-' }),
  };
}
