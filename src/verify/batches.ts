import type { Capture } from '../capture/capture.js';
import type { FileCapture } from '../capture/file/engine.js';
import { typeError } from '../errors.js';
import type { Frame } from '../wire/frame.js';
import type { DatagramVerdict } from './verdict.js';
import type { Verifier } from './verifier.js';

/** What frames may come from. */
export type FrameSource = Capture | FileCapture | AsyncIterable<readonly Frame[]>;

/** The verdicts that are final after every batch of `source`; files are taken as runs of records, with no object a frame. */
export async function* verdictsOf(verifier: Verifier, source: FrameSource): AsyncGenerator<DatagramVerdict[]> {
  if ('runs' in source) for await (const runs of source.runs()) yield verifier.pushRuns(runs);
  else
    for await (const frames of source) {
      if (!Array.isArray(frames)) throw typeError('source', frames, 'batches: arrays of frames', 'verify([frames])');
      yield verifier.push(frames);
    }
}
