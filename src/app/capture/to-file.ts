import { DEFAULT_BUFFER_SIZE } from '../../capture/child/capture.js';
import { CaptureChild } from '../../capture/child/process.js';
import type { CaptureChildArguments } from '../../capture/child/protocol.js';
import { spawnPrefixFor } from '../../capture/open-capture.js';
import { dropPrivileges } from '../../host/drop-privileges.js';
import { endWith } from '../common/end-with.js';
import { LiveFile } from '../common/live-file.js';
import { openUntilStopped } from '../common/open-until-stopped.js';
import type { Output } from '../common/output.js';
import { beginText, type CaptureCommandOptions, type CaptureResult } from './command.js';

/** Frames into a file, written where they are captured: none of them crosses to this process. */
export async function captureToFile(
  options: CaptureCommandOptions & { readonly write: string },
  output: Output,
  signal: AbortSignal,
): Promise<CaptureResult> {
  await using file = await LiveFile.open(options.write, false, signal);
  await using child = await openUntilStopped(signal, (opening) =>
    CaptureChild.start(toldOf(options, file), {
      spawnPrefix: spawnPrefixFor(options.interface),
      signal: opening,
      ...file.childOptions,
    }),
  );
  dropPrivileges();
  using _ = endWith(signal, options.durationMs, () => child.stop());
  output.note(beginText(options));
  try {
    for await (const message of child.messages()) void message; // it has only figures to tell
    await file.finish(options.interface, child);
  } catch (error) {
    output.note(`${child.stats.received} frame(s) until then, ${child.stats.lost ?? '?'} lost`);
    throw error;
  }
  const { received, lost } = child.stats;
  return { engine: child.engine, frames: received, lost };
}

function toldOf(options: CaptureCommandOptions, file: LiveFile): CaptureChildArguments {
  const { interface: name, filter = '', bufferSize = DEFAULT_BUFFER_SIZE, engine, direction, count } = options;
  return {
    interface: name,
    filter,
    bufferSize,
    mode: 'file',
    file: file.wish,
    ...(engine !== undefined && { engine }),
    ...(direction !== undefined && { direction }),
    ...(count !== undefined && { frames: count }),
  };
}
