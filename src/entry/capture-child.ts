import { writeSync } from 'node:fs';
import { dieWithParent, pollControl } from '../capture/cap/child-control.js';
import {
  type CaptureChildArguments,
  type ChildMessage,
  FRAMES_FD,
  failedMessage,
} from '../capture/cap/child-protocol.js';
import { type ChildSink, PcapSink } from '../capture/cap/child-sinks.js';
import { CapLoop } from '../capture/cap/loop.js';

/** Time between two reports of the figures, ms. */
const STATS_MS = 200;

/**
 * The process that captures by npm `cap`: see `CaptureChildArguments` for what it is told and `ChildMessage` for what it
 * says. It writes synchronously throughout, since cap's loop keeps Node's streams from running.
 */
async function main(): Promise<void> {
  dieWithParent();
  const options = JSON.parse(process.argv[2] ?? '{}') as CaptureChildArguments;
  let nextStats = 0;
  const sink = options.mode === 'frames' ? new PcapSink(FRAMES_FD) : await verdictSink(options);
  const loop = new CapLoop(sink, () => {
    const wish = pollControl();
    if (wish === 'gone') process.exit(0);
    if (wish === 'stop') loop.stop();
    const now = performance.now();
    if (now < nextStats) return;
    nextStats = now + STATS_MS;
    say({ type: 'stats', ...loop.stats() });
  });
  const linktype = await loop.open(options);
  loop.onEnd(() => {
    const stats = loop.stats();
    sink.finish(stats);
    say({ type: 'end', ...stats });
    process.exit(0);
  });
  say({ type: 'ready', linktype });
}

/** Loaded only where it is used, since it is most of what there is to load. */
async function verdictSink(options: CaptureChildArguments): Promise<ChildSink> {
  const { VerdictSink } = await import('../app/common/verdict-sink.js');
  return new VerdictSink(options);
}

function say(message: ChildMessage): void {
  writeSync(1, `${JSON.stringify(message)}\n`);
}

function fail(error: unknown): never {
  // EPIPE: the reader has gone, so nobody is left to tell.
  try {
    say(failedMessage(error));
  } catch {}
  process.exit(1);
}

process.on('uncaughtException', fail);
await main().catch(fail);
