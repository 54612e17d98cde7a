import { writeSync } from 'node:fs';
import { dieWithParent, leaveSignalsToParent, pollControl } from '../capture/child/control.js';
import {
  type CaptureChildArguments,
  type ChildMessage,
  ENGINES,
  type Engine,
  failedMessage,
} from '../capture/child/protocol.js';
import { parentSink } from '../capture/child/sinks.js';
import type { CaptureLoop, RecordSink } from '../capture/record-sink.js';
import { UfoError } from '../errors.js';
import { refuseCalls } from '../host/call-filter.js';
import { dropPrivileges, ownProcess } from '../host/drop-privileges.js';

/** Time between two reports of the figures, ms. */
const STATS_MS = 200;

let running: CaptureLoop | undefined;
let nextStats = 0;

/**
 * The process that captures: see `CaptureChildArguments` for what it is told and `ChildMessage` for what it says. It writes
 * synchronously throughout, since neither engine lets Node's streams run while frames keep coming.
 */
async function main(): Promise<void> {
  ownProcess();
  leaveSignalsToParent();
  dieWithParent();
  const options = JSON.parse(process.argv[2] ?? '{}') as CaptureChildArguments;
  const sink = options.mode === 'frames' ? parentSink() : await sinkFromAbove(options);
  const { loop, linktype } = await openLoop(options, sink);
  dropPrivileges();
  dieWithParent();
  refuseCalls(); // what is read from here on anybody may have made
  running = loop;
  loop.onEnd(() => {
    sayStats();
    sink.finish(loop.stats());
    say({ type: 'end', ...loop.stats() });
    process.exit(0);
  });
  say({ type: 'ready', engine: loop.engine, linktype });
}

/** By `auto` the first engine that this machine has. */
async function openLoop(
  options: CaptureChildArguments,
  sink: RecordSink,
): Promise<{ loop: CaptureLoop; linktype: number }> {
  const { engine = 'auto' } = options;
  const engines = engine === 'auto' ? ENGINES : [engine];
  let missing: unknown;
  for (const one of engines) {
    try {
      const loop = await createLoop(one, sink);
      return { loop, linktype: await loop.open(options) };
    } catch (error) {
      if (!(error instanceof UfoError) || error.code !== 'ERR_UFO_UNSUPPORTED') throw error;
      missing ??= error;
    }
  }
  throw missing;
}

async function createLoop(engine: Engine, sink: RecordSink): Promise<CaptureLoop> {
  if (engine === 'libpcap') return new (await import('../capture/libpcap/loop.js')).LibpcapLoop(sink, tick);
  return new (await import('../capture/cap/loop.js')).CapLoop(sink, tick);
}

/** Loaded only where it is used, since it is most of what there is to load. */
async function sinkFromAbove(options: CaptureChildArguments): Promise<RecordSink> {
  const { createSink } = await import('../app/common/capture-sink.js');
  return createSink(options);
}

/** Comes every `TICK_MS` at the latest; the first frames are told of at once. */
function tick(): void {
  const wish = pollControl();
  if (wish === 'gone') process.exit(0);
  if (wish === 'stop') running?.stop();
  const now = performance.now();
  if (now < nextStats) return;
  if ((running?.stats().received ?? 0) > 0) nextStats = now + STATS_MS;
  sayStats();
}

function sayStats(): void {
  if (running !== undefined) say({ type: 'stats', ...running.stats() });
}

function say(message: ChildMessage): void {
  writeSync(1, `${JSON.stringify(message)}\n`);
}

function fail(error: unknown): never {
  // EPIPE: the reader has gone, so nobody is left to tell.
  try {
    sayStats();
    say(failedMessage(error));
  } catch {}
  process.exit(1);
}

process.on('uncaughtException', fail);
void main().catch(fail);
